"""The templates a configuration names, loaded once and rendered many times."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.templates.checked import CheckedTemplate, Disagreement
from commerce_events.templates.engine import REFERENCE, Engine, Service, Serving, Template
from commerce_events.templates.served import serve

SUFFIX = ".jsonata"


@dataclass(frozen=True)
class Templates:
    """Compiled templates by file, relative to their folder. Safe to share between threads."""

    _by_file: Mapping[str, Template | CheckedTemplate]

    @classmethod
    def load(
        cls,
        folder: Path,
        files: Iterable[str] | Mapping[str, Service],
        engine: Engine | None = None,
        cases: Path | None = None,
    ) -> "Templates":
        """Raises ConfigurationError naming the file, and the place in it where it cannot be compiled.

        Without `engine` each is served as `files` says, where that is a mapping. `cases` is the folder of
        golden cases; the fast engine must hold those of a template before it serves it.
        """
        services = files if isinstance(files, Mapping) else dict.fromkeys(files, Service())
        if engine is not None:
            return cls({file: engine.compile(*_read(folder, file)) for file in sorted(services)})
        loaded: dict[str, CheckedTemplate] = {}
        for file in sorted(services):
            own = cases and cases / file.removesuffix(SUFFIX)
            loaded[file] = serve(*_read(folder, file), services[file], own)
        return cls(loaded)

    @property
    def engines(self) -> dict[str, Serving]:
        """Which engine serves each file, and why. Asking makes those trials that have not been made."""
        given = Serving(REFERENCE, "was chosen where it was loaded")
        return {file: getattr(each, "serving", given) for file, each in self._by_file.items()}

    @property
    def disagreements(self) -> list[Disagreement]:
        """What the checks have found since loading; each ended the fast engine's service of a template."""
        return [one for each in self._by_file.values() for one in getattr(each, "disagreements", ())]

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


def _read(folder: Path, file: str) -> tuple[str, str]:
    """A template's name, for messages, and its text."""
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigurationError(f"template {file} is outside of {folder}")
    return str(path), _text(path)


def _text(path: Path) -> str:
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
