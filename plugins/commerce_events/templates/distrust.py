"""What keeps a template on the reference engine before any trial: where the engines are known to differ in
ways that a trial may not meet.

Each entry was measured; most differences are the fast engine's, some the reference's. Which of them is right
does not matter: the same fact must make the same message on every machine.
"""

from typing import Any

from commerce_events.templates.syntax_tree import called, nodes, variables

CLOCK = ("now", "millis")
COUNTING = ("sum", "average", "round")

DIFFERENT = {
    "base64decode": "reads text that is not base64 differently",
    "encodeUrl": "escapes other characters",
    "encodeUrlComponent": "escapes other characters",
    "formatBase": "rounds fractions differently",
    "formatInteger": "rounds fractions differently",
    "formatNumber": "rounds halves differently",
    "parseInteger": "reads text that is not a number differently",
    "power": "tells large results differently",
    "spread": "treats lists inside lists differently",
    "trim": "leaves other spaces",
    "zip": "treats null differently",
}


def distrust(tree: Any) -> str | None:
    """Why this template stays on the reference engine; None where a trial may decide."""
    direct = {id(node.procedure) for node in nodes(tree) if called(node) in CLOCK}
    for node in nodes(tree):
        for name in variables(node):
            if name in DIFFERENT:
                return f"${name} {DIFFERENT[name]} on the fast engine"
            if name in CLOCK and id(node) not in direct:
                return f"${name} is used otherwise than by calling it"
        if node.type == "transform":
            return "a transform (|...|...|) answers differently on the fast engine"
        if node.type == "binary" and node.value in ("/", "%") and not _is_safe_divisor(node.rhs):
            return f"`{node.value}` by a computed number may divide by zero, where the engines differ"
    return None


def does_arithmetic(tree: Any) -> bool:
    """Whether a result may be a number that JSON cannot hold; the fast engine writes null for it."""
    return any(
        (node.type == "binary" and node.value in ("+", "-", "*", "/", "%")) or called(node) in COUNTING
        for node in nodes(tree)
    )


def _is_safe_divisor(node: Any) -> bool:
    return node.type == "number" and bool(node.value)
