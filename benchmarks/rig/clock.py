"""CPU time of one piece of work, in rounds that take turns with its rivals: noise then meets all alike."""

import time
from collections.abc import Callable, Mapping
from statistics import median

ROUNDS = 7
SECONDS = 0.25

# Does at least this much work, and answers how often it did and how many CPU seconds that took.
Round = Callable[[float], tuple[int, float]]


def here(work: Callable[[], object]) -> Round:
    """A round in this process."""

    def run(seconds: float) -> tuple[int, float]:
        count, begun = 0, time.process_time()
        while (spent := time.process_time() - begun) < seconds:
            work()
            count += 1
        return count, spent

    return run


def in_turn(contest: Mapping[str, Round], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """CPU microseconds for each work, by name: one figure for each round, after one to warm up."""
    costs: dict[str, list[float]] = {name: [] for name in contest}
    for number in range(rounds + 1):
        for name, run in contest.items():
            count, spent = run(SECONDS)
            if number:
                costs[name].append(spent / count * 1e6)
    return costs


def middle(costs: list[float]) -> float:
    return median(costs)


def spread(costs: list[float]) -> str:
    """How far the rounds lie apart, as a share of the middle one."""
    return f"{(max(costs) - min(costs)) / median(costs):.0%}"
