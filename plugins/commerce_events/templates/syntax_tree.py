"""What a parsed template consists of, as the reference engine's parser leaves it."""

from collections.abc import Iterator
from typing import Any


def nodes(tree: Any) -> Iterator[Any]:
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


def variables(node: Any) -> Iterator[str]:
    """The variables a node reads or binds: `$x`, `@$x` and `#$x`."""
    names = (node.value if node.type == "variable" else None, node.focus, node.index)
    return (name for name in names if isinstance(name, str))


def all_variables(tree: Any) -> set[str]:
    return {name for node in nodes(tree) for name in variables(node)}


def called(node: Any) -> str | None:
    """The name of the function that a node calls, where it has one."""
    if node.type not in ("function", "partial") or node.procedure is None:
        return None
    procedure = node.procedure
    return str(procedure.value) if procedure.type == "variable" else None


def field_names(tree: Any) -> set[str]:
    """The fields a template names: what it can read without asking for everything."""
    return {node.value for node in nodes(tree) if node.type == "name" and isinstance(node.value, str)}
