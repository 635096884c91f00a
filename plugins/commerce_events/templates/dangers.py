"""What makes a template one to be rendered in a process of its own: what may run, or grow, without end where
no limit inside the engine reaches.
"""

from collections.abc import Iterator
from typing import Any

from commerce_events.templates.growth import grows
from commerce_events.templates.syntax_tree import all_variables, called, nodes

GROWING = {"pad": "$pad", "reduce": "$reduce"}
_TAKE_FUNCTIONS = ("map", "filter", "reduce", "each", "sift", "sort", "single")


def danger(tree: Any) -> str | None:
    """Why a template needs a process of its own; None for most."""
    for node in nodes(tree):
        if node.type == "regex":
            return "it uses a regular expression"
        if node.type == "binary" and node.value == ".." and not _is_fixed(node):
            return "it uses a range with computed bounds"
        if node.type == "variable" and node.value in GROWING:
            return f"it uses {GROWING[node.value]}"
    if _recurses(tree):
        return "it calls itself"
    return "its texts or lists may double again and again" if grows(tree) else None


def _is_fixed(range_: Any) -> bool:
    return bool(range_.lhs.type == "number" and range_.rhs.type == "number")


def _recurses(tree: Any) -> bool:
    """Whether a function may reach itself, by its name or by being handed on."""
    uses: dict[str, set[str]] = {}
    for node in nodes(tree):
        if node.type == "bind" and any(part.type == "lambda" for part in nodes(node.rhs)):
            uses.setdefault(str(node.lhs.value), set()).update(all_variables(node.rhs))
    functions = [node for node in nodes(tree) if node.type == "lambda"]
    given = {str(name.value) for function in functions for name in function.arguments or ()}
    run = {name for node in nodes(tree) for name in _run(node)}
    return bool(run & given) or any(name in _reached(name, uses) for name in uses)


def _reached(start: str, uses: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = set(uses[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting |= uses.get(name, set())
    return reached


def _run(node: Any) -> Iterator[str]:
    """The variables that a node calls, or gives to a function that calls them."""
    name = called(node)
    if name is not None:
        yield name
    handed = (node.arguments or ())[1:] if name in _TAKE_FUNCTIONS else ()
    behind = (node.rhs,) if node.type == "apply" else ()
    yield from (str(each.value) for each in (*handed, *behind) if each.type == "variable")
