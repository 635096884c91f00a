"""What a template may not use: the same fact must render to the same message, today and on replay."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

REFUSED = ("eval", "random", "shuffle")
# Names the reference engine keeps for itself; binding one would switch its limits off.
PRIVATE = "__"


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str
    position: int


def refusal(tree: Any) -> Refusal | None:
    """The first refused name in a parsed template, also where it is only passed on or renamed."""
    for node in _nodes(tree):
        for name in _names(node):
            if name in REFUSED:
                return Refusal(f"${name} is not allowed: its result cannot be told beforehand", node.position)
            if name.startswith(PRIVATE):
                return Refusal(
                    f"${name}: names that begin with {PRIVATE} are the engine's own", node.position
                )
    return None


def _names(node: Any) -> Iterator[str]:
    """The variables a node reads or binds: `$x`, `@$x` and `#$x`."""
    names = (node.value if node.type == "variable" else None, node.focus, node.index)
    return (name for name in names if isinstance(name, str))


def _nodes(tree: Any) -> Iterator[Any]:
    """Every node, whichever attribute it hangs on: the parser has over thirty."""
    waiting, seen = [tree], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
        elif hasattr(item, "_outer_instance") and id(item) not in seen:
            seen.add(id(item))
            yield item
            waiting.extend(part for key, part in vars(item).items() if key != "_outer_instance")
