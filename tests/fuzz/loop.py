"""A plain loop that changes good inputs at random, for Pythons without atheris.

It does not see which paths an input takes, so it finds less in the same time. It keeps to the
same bounds: a time for each input, and a bound for the memory of the process.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.bounds import MAX_LENGTH, MAX_MEMORY, SECONDS, TooSlow, memory_used

LOOK_EVERY = 256


def mutate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return something near it: flipped, cut, doubled, filled or crossed with another."""
    made = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(made))
        size = random.choice((1, 1, 2, 4, 8, 64))
        match random.randrange(6):
            case 0 if at < len(made):
                made[at] ^= 1 << random.randrange(8)
            case 1:
                del made[at : at + size]
            case 2:
                made[at:at] = made[at : at + size] * random.randint(1, 8)
            case 3:
                made[at : at + size] = random.randbytes(size)
            case 4:
                other = random.choice(others)
                made[at:] = other[random.randint(0, len(other)) :]
            case _:
                made[at:at] = bytes([random.choice((0, 0x7F, 0x80, 0xFF))]) * size
    return bytes(made[:MAX_LENGTH])


def run(
    check: Callable[[bytes], None], seeds: Sequence[bytes], inputs: int, random: Random
) -> None:
    """Try so many inputs; raise what a check raises, with the input noted on it."""
    signal.signal(signal.SIGALRM, _too_slow)
    seeds = seeds or (b"",)
    for number in range(inputs):
        data = mutate(random.choice(seeds), seeds, random)
        # Again and again: one that is raised in a callback of the collector is lost.
        signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
        try:
            check(data)
            if number % LOOK_EVERY == 0 and memory_used() > MAX_MEMORY:
                raise MemoryError("more memory than an input may take")  # noqa: TRY301
        except BaseException as error:
            error.add_note(f"input: {data.hex()}")
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _too_slow(_signal: int, _frame: object) -> None:
    raise TooSlow(f"an input took more than {SECONDS} s")
