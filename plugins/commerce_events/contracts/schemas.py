"""Reads contract files and makes validators of them; a broken file is refused before any message is."""

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT7

from commerce_events.contracts.quick import IsKept, quick_checks
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.paths import json_path

SUFFIX = ".schema.json"


@dataclass(frozen=True, slots=True)
class Contract:
    """`validator` judges; `is_kept`, where there is one, says yes sooner, and never a wrong one."""

    validator: Validator
    is_kept: IsKept | None = None


def _finite(_checker: Any, value: object) -> bool:
    """JSON has no NaN. True and false are ints to Python, and no numbers to anyone else."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_NUMBERS = Draft7Validator.TYPE_CHECKER.redefine("number", _finite)
_Strict = extend(Draft7Validator, type_checker=_NUMBERS)  # type: ignore[no-untyped-call]


def load_contracts(folder: Path, allowed_commands: Collection[str] = ()) -> dict[str, Contract]:
    """Contracts by file stem. Schemas refer to each other by file name; nothing is ever fetched.

    `allowed_commands` are taken out of the names that schemas define under `command`.
    """
    paths = {path.name.removesuffix(SUFFIX): path for path in sorted(folder.glob(f"*{SUFFIX}"))}
    if not paths:
        raise ConfigurationError(f"{folder}: there are no contracts (*{SUFFIX})")
    schemas = {name: _read(path) for name, path in paths.items()}
    _allow(folder, schemas.values(), allowed_commands)
    registry: Registry[Any] = Registry().with_resources(
        (paths[name].name, DRAFT7.create_resource(schema)) for name, schema in schemas.items()
    )
    for name, schema in schemas.items():
        _check_references(paths[name], schema, registry)
    by_file = {paths[name].name: schema for name, schema in schemas.items()}
    quick = quick_checks(by_file, {name: _reached(name, by_file) for name in by_file})
    return {
        name: Contract(_Strict(schema, registry=registry), quick.get(paths[name].name))
        for name, schema in schemas.items()
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        schema = json.loads(path.read_text(encoding="utf-8-sig"))
        _Strict.check_schema(schema)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{path}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: byte {error.start} is not UTF-8") from None
    except SchemaError as error:
        raise ConfigurationError(
            f"{path}: not a schema at {json_path(error.path)}: {error.message}"
        ) from None
    if not isinstance(schema, dict):
        raise ConfigurationError(f"{path}: a contract is an object")
    return schema


def _allow(folder: Path, schemas: Iterable[Mapping[str, Any]], commands: Collection[str]) -> None:
    """Raises ConfigurationError for a name that nothing refuses: it may be a slip of the pen."""
    refused: list[str] = []
    for schema in schemas:
        command = schema.get("definitions", {}).get("command", {})
        refused += command.get("enum", [])
        if "enum" in command:
            command["enum"] = [name for name in command["enum"] if name not in commands]
    for name in commands:
        if name not in refused:
            known = ", ".join(refused) or "none"
            raise ConfigurationError(f"allow_commands: {folder} does not refuse {name!r}; it refuses {known}")


def _check_references(path: Path, schema: Mapping[str, Any], registry: Registry[Any]) -> None:
    resolver = registry.resolver(base_uri=path.name)
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise ConfigurationError(f"{path}: {reference} leads nowhere") from None


def _reached(name: str, schemas: Mapping[str, Any]) -> frozenset[str]:
    """The files that a contract takes rules from, its own among them."""
    reached, left = {name}, [name]
    while left:
        named = (reference.split("#")[0] for reference in _references(schemas[left.pop()]))
        left += {file for file in named if file in schemas} - reached
        reached |= set(left)
    return frozenset(reached)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _references(item)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for item in part.values():
            yield from _references(item)
