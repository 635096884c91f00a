"""The templates a configuration names, loaded once and rendered many times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.templates.engine import Engine, Template
from commerce_events.templates.reference_engine import ReferenceEngine

SUFFIX = ".jsonata"


@dataclass(frozen=True)
class Templates:
    """Compiled templates by file, relative to their folder. Safe to share between threads."""

    _by_file: Mapping[str, Template]

    @classmethod
    def load(cls, folder: Path, files: Iterable[str], engine: Engine | None = None) -> "Templates":
        """Raises ConfigurationError naming the file, and the place in it where it cannot be compiled."""
        compiler = engine or ReferenceEngine()
        return cls({file: _compile(compiler, folder, file) for file in sorted(set(files))})

    def render(self, file: str, document: Mapping[str, Any], occurred_at: datetime) -> list[dict[str, Any]]:
        """The calls a template makes of a document: none, one, or several in the template's order.

        Raises TemplateError, which names the file and the place, never the document's content.
        """
        template = self._by_file.get(file)
        if template is None:
            raise ConfigurationError(f"template {file} was not loaded")
        result = template.evaluate(document, occurred_at)
        if result is None:
            return []
        calls = result if isinstance(result, list) else [result]
        for place, call in enumerate(calls, start=1):
            if not isinstance(call, dict):
                raise TemplateError(f"{file}: call {place} is {_kind(call)}; a call is an object")
        return calls


def _compile(engine: Engine, folder: Path, file: str) -> Template:
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigurationError(f"template {file} is outside of {folder}")
    return engine.compile(str(path), _read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except FileNotFoundError:
        problem = "there is no such template"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
    raise ConfigurationError(f"{path}: {problem}")


def _kind(value: object) -> str:
    names = {str: "a string", bool: "true or false", list: "a list", type(None): "null"}
    return names.get(type(value), "a number")
