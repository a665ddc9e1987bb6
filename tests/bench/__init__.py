"""Speed, as ratios to a floor and to other programs in the same run. Never a timed test.

`python -m tests.bench` measures and prints a table; docs/benchmarks.md keeps the last one.
"""
