"""What can go wrong on the way, on demand: rules that pick a fault for a request."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from threading import Lock

HTML = b"<html><head><title>Service</title></head><body><h1>We will be right back</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """`status` None resets the connection, or, when `passes`, lets the true answer through.

    `taken` says that the request was acted on all the same: what the caller cannot know.
    """

    name: str
    status: int | None = None
    retry_after: int | None = None  # seconds
    as_date: bool = False  # Retry-After as an HTTP date
    html: bool = False
    taken: bool = False
    cut: bool = False  # half of the true answer, then a reset
    passes: bool = False
    stall: float = 0.0  # seconds of silence first


def too_many(retry_after: int | None = None, *, as_date: bool = False) -> Fault:
    return Fault("429", 429, retry_after=retry_after, as_date=as_date)


def status(code: int, *, html: bool = False, retry_after: int | None = None) -> Fault:
    """Any status: 500, 501, 502, 503, 529, 408 ..."""
    return Fault(f"{code}_html" if html else str(code), code, html=html, retry_after=retry_after)


def timeout(stall: float = 0.2, *, taken: bool = False) -> Fault:
    """Silence, then a reset. With `taken` the request was processed before."""
    return Fault("timeout_after" if taken else "timeout_before", stall=stall, taken=taken)


def slow(seconds: float = 0.2) -> Fault:
    return Fault("slow", passes=True, taken=True, stall=seconds)


RESET = Fault("reset")
CUT = Fault("cut", taken=True, cut=True)
HTML_OK = Fault("200_html", 200, html=True)
HTML_BAD_GATEWAY = status(502, html=True)


def retryable(stall: float = 0.2, retry_after: int = 1) -> tuple[Fault, ...]:
    """Faults a careful caller survives without losing anything; 501 is not among them."""
    return (
        too_many(),
        too_many(retry_after),
        too_many(retry_after, as_date=True),
        status(500),
        status(502),
        status(503, retry_after=retry_after),
        status(529),
        RESET,
        CUT,
        timeout(stall),
        timeout(stall, taken=True),
        HTML_OK,
        HTML_BAD_GATEWAY,
        slow(stall),
    )


@dataclass(slots=True)
class Rule:
    """`left` counts down; None is for ever. `where` sees the path."""

    faults: Sequence[Fault]
    probability: float
    left: int | None
    where: Callable[[str], bool]
    dice: Random

    def draw(self, path: str) -> Fault | None:
        if self.left == 0 or not self.where(path) or self.dice.random() >= self.probability:
            return None
        if self.left is not None:
            self.left -= 1
        return self.dice.choice(self.faults)


def anywhere(_path: str) -> bool:
    return True


class Faults:
    """The rules of one server, asked in the order they were given; the first fault drawn wins."""

    def __init__(self) -> None:
        self.include_oauth = True
        self.drawn: Counter[str] = Counter()
        self._rules: list[Rule] = []
        self._lock = Lock()

    def next(self, fault: Fault, times: int = 1, where: Callable[[str], bool] = anywhere) -> None:
        """The next `times` requests (whose path passes `where`) get this fault."""
        self._add(Rule((fault,), 1.0, times, where, Random(0)))

    def always(self, fault: Fault, where: Callable[[str], bool] = anywhere) -> None:
        self._add(Rule((fault,), 1.0, None, where, Random(0)))

    def mix(
        self,
        probability: float,
        seed: int = 0,
        faults: Sequence[Fault] | None = None,
        where: Callable[[str], bool] = anywhere,
    ) -> None:
        """That share of requests gets a random fault of the set."""
        self._add(Rule(faults or retryable(), probability, None, where, Random(seed)))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def draw(self, path: str) -> Fault | None:
        with self._lock:
            if not self._rules or (path.startswith("/oauth") and not self.include_oauth):
                return None
            fault = next((drawn for rule in self._rules if (drawn := rule.draw(path))), None)
            if fault:
                self.drawn[fault.name] += 1
            return fault

    def _add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(replace(rule))
