"""How large a template's texts and lists can become, beside what it is given: a bound from its text alone.

Each `$b := $a & $a` is twice as long as the one before. Forty of them are a short program, which ends, and a
text that no machine holds; no engine limits the length of a text. A unit here is a field of the document, or
as much text as one usually holds. A step that runs for each item of a list counts once: such growth is
bounded by the document.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commerce_events.templates.syntax_tree import called

# Several hundred times what large templates reach, and a megabyte or two of ordinary fields.
MOST_UNITS = 20_000
UNIT = 50  # characters
MOST_VISITS = 20_000

_OF_EACH = ("map", "filter", "each", "sift", "sort", "single")
# Each occurrence of one argument may be replaced, or followed, by all of another one.
_MULTIPLYING = ("replace", "join")
# What they write is up to so many times as long as what they are given.
_SPELLING = {"string": 2, "base64encode": 2, "encodeUrl": 9, "encodeUrlComponent": 9, "formatNumber": 2}


def grows(tree: Any) -> bool:
    """Whether a template without endless calls may make more than its document and its text account for."""
    bound = _Bound()
    try:
        bound.of(tree, {})
    except _TooLarge:
        return True
    return False


class _TooLarge(Exception):
    """Or too intricate to be told."""


@dataclass(frozen=True, slots=True)
class _Value:
    """What a variable holds: its size, and the function it may be, with what that function sees."""

    units: int = 1
    function: Any = None
    scope: Mapping[str, "_Value"] = field(default_factory=dict)


_Scope = dict[str, _Value]


@dataclass(slots=True)
class _Bound:
    _visits: int = 0

    def of(self, node: Any, scope: _Scope) -> int:
        """The most units that the node's value can hold."""
        self._visits += 1
        units = self._units(node, scope)
        if units > MOST_UNITS or self._visits > MOST_VISITS:
            raise _TooLarge
        return units

    def _units(self, node: Any, scope: _Scope) -> int:
        match node.type:
            case "string":
                return 1 + len(node.value) // UNIT
            case "variable":
                return scope[node.value].units if node.value in scope else 1
            case "lambda":  # looked at where it is called; what the parser wraps a last call into, here
                return self.of(node.body, scope) if node.thunk else 1
            case "bind":
                scope[str(node.lhs.value)] = value = self._value(node.rhs, scope)
                return value.units
            case "block":
                inner = dict(scope)
                return [1, *(self.of(each, inner) for each in node.expressions)][-1]
            case "path":
                return max(1, sum(self.of(step, scope) for step in node.steps if step.type != "name"))
            case "function" | "partial":
                return self._call(node, [self._value(each, scope) for each in node.arguments or ()], scope)
            case "apply":
                return self._applied(node, scope)
        return max(1, sum(self.of(child, scope) for child in _children(node)))

    def _value(self, node: Any, scope: _Scope) -> _Value:
        if node.type == "lambda":
            return _Value(function=node, scope=scope)
        if node.type == "variable" and node.value in scope:
            return scope[node.value]
        return _Value(self.of(node, scope))

    def _applied(self, node: Any, scope: _Scope) -> int:
        """`a ~> $f(b)` is `$f(a, b)`."""
        given = self._value(node.lhs, scope)
        if node.rhs.type in ("function", "partial"):
            others = [self._value(each, scope) for each in node.rhs.arguments or ()]
            return self._call(node.rhs, [given, *others], scope)
        return self._run(self._value(node.rhs, scope), [given])

    def _call(self, node: Any, arguments: list[_Value], scope: _Scope) -> int:
        name, together = called(node), sum(each.units for each in arguments)
        if name is None:
            return self._run(self._value(node.procedure, scope), arguments)
        if name in scope:
            return self._run(scope[name], arguments)
        if name in _OF_EACH:
            return max(together, *(self._run(each, arguments[:1] * 3) for each in arguments[1:]), 1)
        if name in _MULTIPLYING and len(arguments) > 1:
            first, last = arguments[0].units, arguments[-1].units
            return first * (last if _is_short(node.arguments[-1]) else last * UNIT)
        return max(1, together * _SPELLING.get(name, 1))

    def _run(self, value: _Value, arguments: list[_Value]) -> int:
        """What a function makes of these; anything else, called, is an error and makes nothing."""
        if value.function is None:
            return max([value.units, *(each.units for each in arguments)])
        names = [str(name.value) for name in value.function.arguments or ()]
        own = dict(zip(names, arguments, strict=False))
        return self.of(value.function.body, {**value.scope, **own})


def _is_short(node: Any) -> bool:
    return node.type == "string" and len(node.value) < UNIT


def _children(node: Any) -> Iterator[Any]:
    waiting = [value for key, value in vars(node).items() if key != "_outer_instance"]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list | tuple):
            waiting.extend(item)
        elif hasattr(item, "_outer_instance"):
            yield item
