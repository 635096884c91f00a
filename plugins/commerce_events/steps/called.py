"""What messages are called where they arrive: Segment counts by event, the ledger by fact.

A template decides, so messages that were sent are asked. Facts that share a name are counted together, and so
are names that one fact goes by.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from commerce_events.ledger.sent import Told

# A fact as far as its template is concerned: its kind, and which of its calls.
Call = tuple[str, str]

EVERYTHING = "all messages"


@dataclass(slots=True)
class Names:
    """By call the names it goes by, and the runs that messages say they are of."""

    by_call: dict[Call, set[str]] = field(default_factory=lambda: defaultdict(set))
    marked: set[str] = field(default_factory=set)

    def groups(self, calls: Iterable[Call]) -> dict[Call, str]:
        """For each call the name of its group. One that nobody can name leaves one group of all."""
        calls = list(calls)
        if any(not self.by_call.get(call) for call in calls):
            return dict.fromkeys(calls, EVERYTHING)
        groups: list[set[str]] = []
        for call in calls:
            joined = self.by_call[call].union(*(g for g in groups if g & self.by_call[call]))
            groups = [g for g in groups if not g & joined] + [joined]
        return {call: ", ".join(sorted(next(g for g in groups if g & self.by_call[call]))) for call in calls}


def names_in(samples: Iterable[tuple[Told, bytes]]) -> Names:
    names = Names()
    for told, body in samples:
        message = orjson.loads(body)
        kind = str(message.get("type", ""))
        names.by_call[told.kind, told.part].add(str(message.get("event")) if kind == "track" else kind)
        app = (message.get("context") or {}).get("app")
        if told.run and isinstance(app, dict) and app.get("version") == told.run:
            names.marked.add(told.run)
    return names
