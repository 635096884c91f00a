"""What the reference engine's errors mean, in words that may be stored: where and why, never the data."""

import re

from jsonata import JException, Jsonata

from commerce_events.domain.errors import TemplateError
from commerce_events.templates.watch import ENDLESS

# `$error` and `$assert`: the text is the template's own, and may quote the data.
_OF_THE_TEMPLATE = ("D3137", "D3141")
TOO_LARGE = "takes more memory than it may"
_QUOTED = re.compile(r"\{+\w+\}+")


def place(source: str, position: int) -> str:
    """`: line 3, column 7`, where the engine stood: at the end of the word it could not take."""
    if position <= 0:
        return ""
    before = source[:position]
    return f": line {before.count(chr(10)) + 1}, column {max(position - before.rfind(chr(10)) - 1, 1)}"


def stopped_at(error: Exception) -> int:
    """Where the parser was; many of its errors do not say."""
    if isinstance(error, JException) and error.location > 0:
        return int(error.location)
    return int(Jsonata.get_parser().lexer.position)


def syntax(error: Exception) -> str:
    """What is wrong with a template's text. Quoting that is fine."""
    if isinstance(error, JException):
        return f"{error} ({error.error})"
    return f"syntax error near {error}"


def rendering(error: Exception) -> str:
    if isinstance(error, TemplateError):
        return str(error)
    if isinstance(error, RecursionError):
        return ENDLESS
    if isinstance(error, MemoryError):
        return TOO_LARGE
    if not isinstance(error, JException):
        return f"a value cannot be used here ({type(error).__name__})"
    if error.error in _OF_THE_TEMPLATE:
        return "the template raised an error of its own"
    text = JException.error_codes.get(error.error, "evaluation failed")
    return f"{_QUOTED.sub('...', text)} ({error.error})"
