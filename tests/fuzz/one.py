"""One target in a process of its own: `… tests.fuzz.one NAME INPUTS SEED SCRATCH watch|plain`.

With atheris it watches which paths the inputs take; without, see tests.fuzz.loop.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from pathlib import Path
from random import Random

from tests.fuzz import loop
from tests.fuzz.bounds import MAX_LENGTH, MAX_MEMORY, SECONDS
from tests.fuzz.targets import Target, corpus_of, load

OURS = ["storage", "sync", "app", "ui"]


def main(name: str, inputs: int, seed: int, scratch: Path, *, watch: bool) -> None:
    """Run the corpus, then new inputs; end with a fault if one of them is not refused well."""
    if not watch:
        target = load(name)
        replay(target)
        began = time.monotonic()
        known = [*target.seeds, *(path.read_bytes() for path in corpus_of(name))]
        loop.run(target.check, known, inputs, Random(seed))  # noqa: S311 - repeatable, not secret
        sys.stdout.write(f"{inputs} {time.monotonic() - began:.3f}\n")
        return
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=OURS):
        target = load(name)
    replay(target)
    options = [
        f"-runs={inputs}",
        f"-seed={seed}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MAX_MEMORY >> 20}",
        f"-max_len={MAX_LENGTH}",
        "-print_final_stats=1",
        f"-artifact_prefix={scratch}/",
    ]
    for number, data in enumerate(target.seeds):
        (scratch / "corpus" / f"seed-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], *options, str(scratch / "corpus")], target.check)
    atheris.Fuzz()


def replay(target: Target) -> None:
    """Check all that is kept: what is valid, and what was found once."""
    for path in corpus_of(target.name):
        target.check(path.read_bytes())


def has_atheris() -> bool:
    """Say whether coverage can be watched here."""
    return importlib.util.find_spec("atheris") is not None


if __name__ == "__main__":
    NAME, INPUTS, SEED, SCRATCH, HOW = sys.argv[1:]
    main(NAME, int(INPUTS), int(SEED), Path(SCRATCH), watch=HOW == "watch")
