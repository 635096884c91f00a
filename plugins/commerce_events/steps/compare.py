"""Compare: what another version of a template would have made of recent facts. Reads only."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from commerce_events.domain.errors import TemplateError
from commerce_events.domain.facts import Kind
from commerce_events.ledger.inputs import Kept
from commerce_events.ledger.ledger import Ledger
from commerce_events.templates.differences import Difference, differences
from commerce_events.templates.library import Templates


@dataclass(slots=True)
class Change:
    """One place where the versions differ: in how many facts, and one of them as an example."""

    path: str
    record_id: str
    example: Difference
    count: int = 0


@dataclass(slots=True)
class Comparison:
    """Facts by how they compare (`equal`, `different`, `failed`), and the places that differ."""

    outcome: Counter[str] = field(default_factory=Counter)
    changes: dict[str, Change] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, kept: Kept, found: Sequence[Difference]) -> None:
        self.outcome["different" if found else "equal"] += 1
        for path, one in {each.path: each for each in found}.items():
            self.changes.setdefault(path, Change(path, kept.record_id, one)).count += 1


# A template's file and the templates it was loaded with.
Version = tuple[Templates, str]


def compare_versions(ledger: Ledger, old: Version, new: Version, kind: Kind, last: int) -> Comparison:
    """Render the kept inputs of the latest facts of a kind through both versions."""
    return _compared(ledger.inputs.recent(kind, last), old, new)


def _compared(inputs: Iterable[Kept], old: Version, new: Version) -> Comparison:
    comparison = Comparison()
    for kept in inputs:
        document = orjson.loads(kept.document)
        calls = [_calls(version, document, kept, comparison) for version in (old, new)]
        if None in calls and calls[0] != calls[1]:
            comparison.outcome["failed"] += 1
        else:
            comparison.add(kept, [*differences(*calls)])
    return comparison


def _calls(version: Version, document: dict[str, Any], kept: Kept, comparison: Comparison) -> Any:
    templates, file = version
    try:
        return templates.render(file, document, kept.occurred_at)
    except TemplateError as error:
        comparison.failures[str(error)] += 1
        return None
