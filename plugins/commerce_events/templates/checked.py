"""A template served by the fast engine for as long as the reference agrees with it."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from commerce_events.domain.errors import TemplateError
from commerce_events.templates.differences import differences
from commerce_events.templates.engine import FAST, REFERENCE, Serving, Template
from commerce_events.templates.fast_engine import Doubt
from commerce_events.templates.reads import only
from commerce_events.templates.verdicts import FAILED

log = logging.getLogger(__name__)

MOST_PATHS = 5


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Both engines answered one document differently, at these places. What they answered is not kept."""

    template: str
    count: int
    paths: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.template}: {self.count} places, among them {', '.join(self.paths)}"


@dataclass
class CheckedTemplate:
    """One in `check_every` of the fast engine's answers is compared with the reference's: by the document's
    id, so that short runs have their share, else by counting. The first difference ends its service.

    Which engine serves is asked when it is first needed: a run that meets no refund makes no trials of its
    template. `reads` are the only fields that either engine is shown.
    """

    name: str
    reference: Template
    fast: Callable[[], Template]
    judge: Callable[[], Serving]
    check_every: int = 1_000
    reads: frozenset[str] | None = None
    on_withdrawal: Callable[[Serving], None] = field(default=lambda serving: None)
    disagreements: list[Disagreement] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _serving: Serving | None = None
    _fast: Template | None = None
    _counted: int = 0

    @property
    def serving(self) -> Serving:
        if self._serving is None:
            with self._lock:
                serving = self._serving or self.judge()
                self._fast = self.fast() if serving.engine == FAST else None
                self._serving = serving
        return self._serving

    def evaluate(self, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        fast = self._fast if self.serving else None
        seen = only(document, self.reads)
        if fast is None:
            return self.reference.evaluate(seen, occurred_at)
        try:
            got = fast.evaluate(seen, occurred_at)
        except Doubt:
            return self.reference.evaluate(seen, occurred_at)
        except TemplateError:
            got = FAILED  # the reference words the error, if it is one
        if got is FAILED or self._is_due(document):
            return self._compared(got, seen, occurred_at)
        return got

    def _is_due(self, document: Mapping[str, Any]) -> bool:
        named = document.get("id")
        if isinstance(named, str):
            return crc32(named.encode("utf-8", "surrogatepass")) % self.check_every == 0
        self._counted += 1
        return self._counted % self.check_every == 0

    def _compared(self, got: Any, document: Mapping[str, Any], occurred_at: datetime) -> Any:
        """The reference's answer; the fast engine's is only held against it."""
        try:
            expected = self.reference.evaluate(document, occurred_at)
        except TemplateError:
            if got is not FAILED:
                self._withdraw(["$"])
            raise
        paths = [each.path for each in differences(expected, got)]
        if paths:
            self._withdraw(paths)
        return expected

    def _withdraw(self, paths: list[str]) -> None:
        found = Disagreement(self.name, len(paths), tuple(sorted(set(paths))[:MOST_PATHS]))
        serving = Serving(REFERENCE, f"the engines differed in earnest at {', '.join(found.paths)}")
        with self._lock:
            self.disagreements.append(found)
            self._serving, self._fast = serving, None
        self.on_withdrawal(serving)
        log.error("the engines differ; the reference serves from here on: %s", found)
