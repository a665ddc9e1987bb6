"""A seed from its beginning to its judgement, once or twice."""

from __future__ import annotations

import gc
from functools import partial

from tests.sim.world.collector import brings_in, collects, everybody_collects
from tests.sim.world.deeds import decides
from tests.sim.world.faults import Weather
from tests.sim.world.judge import judge, settle
from tests.sim.world.story import Failed, Story, run, told_in


async def play(story: Story, always: tuple[str, ...] = ()) -> None:
    """Let a seed happen. `always` names what may go wrong in any case."""
    random = story.random
    weather = Weather(story, always)
    story.trace(f"{[device.name for device in story.devices]}, weather {weather.mixture}")
    for person in story.people:
        for _ in range(random.randrange(4)):
            person.act_at_once()  # folders that join may hold something already
    for device in story.devices:
        if not device.start():
            raise AssertionError(f"{device.name} does not start")
    for _ in range(random.randint(8, 30)):
        await _step(story, weather)
        await story.wait(random.choice((0.0, 0.0, 0.05, 0.5, 3.0, 10.0)))
    await story.all_acts_end()
    await weather.clear_up()
    if "mass" in weather.mixture:
        for person in story.people:
            await decides(person)
    rounds = await settle(story)
    story.trace(f"equal after {rounds} rounds")
    await everybody_collects(story)
    await judge(story)
    story.trace(f"root {story.devices[0].vault.root.digest.hex()}")
    for device in story.devices:
        await device.stop()


async def _step(story: Story, weather: Weather) -> None:
    dice = story.random.random()
    person = story.random.choice(story.people)
    if dice < 0.25:
        await weather.strike()
    elif dice < 0.45:
        story.begin(person.type())
    elif dice < 0.90:
        story.begin(person.act())
    elif dice < 0.93:
        story.begin(collects(person.device, story.random))
    elif dice < 0.96:
        story.begin(brings_in(person))
    elif story.random.random() < 0.5:
        person.device.folder.flush()


def tell(seed: int, always: tuple[str, ...] = ()) -> Story:
    """Tell a seed once.

    Raises:
        Failed: a promise was broken.
    """
    gc.disable()  # what it finds, and when, depends on all that ran before
    try:
        with told_in(seed) as story:
            run(story, partial(play, always=always))
    finally:
        gc.enable()
        gc.collect()  # of this story only: all before was frozen with the cast
    return story


def tell_twice(seed: int, always: tuple[str, ...] = ()) -> Story:
    """Tell a seed twice: the same has to happen.

    Raises:
        Failed: a promise was broken, or something else happened.
    """
    one, other = tell(seed, always), tell(seed, always)
    if one.digest != other.digest:
        pairs = zip(one.lines, other.lines, strict=False)
        differs = next((pair for pair in pairs if pair[0] != pair[1]), ("", "one is longer"))
        raise Failed(f"seed {seed} differs from itself: {differs[0]} | {differs[1]}")
    return one
