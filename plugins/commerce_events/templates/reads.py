"""Which top-level fields of its input a template can read.

What it cannot read need not be copied, written as JSON and parsed again: our templates read `commerce`, which
is a tenth of the document.
"""

from collections.abc import Mapping
from typing import Any

from commerce_events.templates.distrust import CLOCK
from commerce_events.templates.syntax_tree import called, field_names, nodes, variables
from commerce_events.templates.view import with_resources

# `$` is whatever is looked at, `$$` the whole document; the parser drops the first sign.
_WHOLE = ("", "$")
_UNNAMED = ("wildcard", "descendant", "parent", "transform")
# Functions that take what is looked at where an argument is missing, if it may be an object; and from how
# many arguments on they do not.
_CONTEXTUAL = {"keys": 1, "spread": 1, "string": 1, "boolean": 1, "not": 1, "lookup": 2, "each": 2, "sift": 2}


def reads(tree: Any) -> frozenset[str] | None:
    """The names of fields it can read at the top; None where it may read any, or that cannot be told."""
    handed_on = {id(argument) for node in nodes(tree) for argument in _passed(node)}
    for node in nodes(tree):
        if node.type in _UNNAMED or (node.type == "lambda" and getattr(node, "signature", None)):
            return None
        if any(name in _WHOLE for name in variables(node)) or _looks_around(node):
            return None
        if node.type == "variable" and node.value in _CONTEXTUAL and id(node) not in handed_on:
            return None
    return frozenset(field_names(tree))


def only(document: Mapping[str, Any], names: frozenset[str] | None) -> Mapping[str, Any]:
    if names is None or "resources" in names:
        document = with_resources(document)
    if names is None:
        return document
    return {key: value for key, value in document.items() if key in names}


def _looks_around(node: Any) -> bool:
    """Whether a call leaves it to the function to look at what is at hand."""
    name = called(node)
    if name is None or name in CLOCK:
        return False
    return len(node.arguments or ()) < _CONTEXTUAL.get(name, 0)


def _passed(node: Any) -> list[Any]:
    """Where a function may be named without being kept: called, given to another, or behind `~>`."""
    if node.type in ("function", "partial"):
        return [node.procedure, *(node.arguments or ())]
    return [node.rhs] if node.type == "apply" else []
