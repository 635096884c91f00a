"""What a template may not use: the same fact must render to the same message, today and on replay."""

from dataclasses import dataclass
from typing import Any

from commerce_events.templates.syntax_tree import nodes, variables

REFUSED = ("eval", "random", "shuffle")
# Names the reference engine keeps for itself; binding one would switch its limits off.
PRIVATE = "__"


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str
    position: int


def refusal(tree: Any) -> Refusal | None:
    """The first refused name in a parsed template, also where it is only passed on or renamed."""
    for node in nodes(tree):
        for name in variables(node):
            if name in REFUSED:
                return Refusal(f"${name} is not allowed: its result cannot be told beforehand", node.position)
            if name.startswith(PRIVATE):
                return Refusal(
                    f"${name}: names that begin with {PRIVATE} are the engine's own", node.position
                )
    return None
