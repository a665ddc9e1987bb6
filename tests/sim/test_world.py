"""The simulated world: many seeds, each a story of its own, all judged by the same promises."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.sim.world.play import tell, tell_twice
from tests.sim.world.story import Story, run, told_in

LEVEL = os.environ.get("ATOLL_TESTS", "fast")
BLOCK = 20
BLOCKS = {"fast": 1, "full": 75, "night": 500}[LEVEL]
"""Of seeds. `full` takes about eight minutes on one core of 2025."""
ON_REQUEST = {"fast": 1, "full": 10, "night": 100}[LEVEL]
"""Of blocks in which a machine is copied and both go on; as many with mass changes."""
FEW = 4
TWICE_EVERY = 10
SEED = 20_000
"""Where the seeds begin that no level tells."""


@pytest.mark.parametrize("seed", range(FEW))
def test_a_few_seeds_keep_all_promises_and_tell_the_same_twice(seed: int) -> None:
    """What every commit is held against; the rest of the seeds come with `full`."""
    tell_twice(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_a_block_of_seeds_keeps_all_promises(block: int) -> None:
    """Any weather, any order: nothing that was saved is lost, and all end equal.

    A failure names its seed; `python -m tests.sim.world SEED --trace` tells it again.
    """
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        if seed % TWICE_EVERY:
            tell(seed)
        else:
            tell_twice(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(ON_REQUEST))
def test_a_block_of_seeds_with_a_machine_that_was_cloned_keeps_all_promises(block: int) -> None:
    """Both write under the same numbers, and each builds on what the other line takes back."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        tell(seed, ("clones",))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(ON_REQUEST))
def test_a_block_of_seeds_with_mass_changes_keeps_all_promises(block: int) -> None:
    """Bad programs, undone or let through; moments restored, batches taken back; any weather."""
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        tell(seed, ("mass",))


@pytest.mark.slow
@pytest.mark.parametrize("hashes", ["1", "2"])
def test_a_seed_tells_the_same_in_another_process(hashes: str) -> None:
    """A failure that cannot be told again is a rumour: no order may come from hashes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.sim.world", str(SEED), "--digest"],
        env={**os.environ, "PYTHONHASHSEED": hashes},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == tell(SEED).digest


def test_two_machines_of_one_name_do_not_dial_without_end() -> None:
    """A clone and its original take each other's place with every peer, ten times a second once."""

    async def play(story: Story) -> None:
        for device in story.devices:
            device.start()
        story.clone(story.devices[0]).start()
        await story.wait(120.0)

    with told_in(SEED) as story:
        run(story, play)
    assert story.air.dialled < 20 * len(story.devices)
