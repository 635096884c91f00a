"""The whole of `commerce.toml`, parsed once into typed, frozen values.

Every mistake in the file is reported at once, each with its key and what is allowed.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StrictBool, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from commerce_events.config.alerts import Alerts
from commerce_events.config.backfills import Backfills
from commerce_events.config.contradictions import contradictions
from commerce_events.config.destinations import Destination, Health
from commerce_events.config.errors import explain, nearest
from commerce_events.config.retention import Retention
from commerce_events.config.section import Name, Section, Text
from commerce_events.config.stores import Store
from commerce_events.config.trackings import Trackings
from commerce_events.domain.errors import ConfigurationError
from commerce_events.templates.engine import Service

# Which receivers behind a destination see a backfill's messages, by their names there.
Preset = dict[Text, StrictBool]
PRESETS: Mapping[str, Preset] = {"quiet": {"All": False}, "everything": {}}


class Settings(Section):
    """The whole file. Stores carry their own trackings, already merged with the general ones."""

    stores: Annotated[dict[Name, Store], Field(min_length=1)]
    destinations: Annotated[dict[Name, Destination], Field(min_length=1)] = Field(
        default_factory=lambda: {"segment": Destination()}
    )
    integrations: Annotated[dict[Name, Preset], Field(validate_default=True)] = Field(default_factory=dict)
    backfill: Backfills = Backfills()
    trackings: Trackings = Trackings()
    health: Health = Health()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()

    def templates(self) -> dict[str, Service]:
        """Every template file that a store uses, as it is named in the file, and how it is to be served."""
        services: dict[str, Service] = {}
        for store in self.stores.values():
            for file, own in store.templates().items():
                services[file] = services.get(file, own) & own
        return services

    @field_validator("integrations")
    @classmethod
    def _beside_ours(cls, said: dict[str, Preset]) -> dict[str, Preset]:
        return {**PRESETS, **said}

    @model_validator(mode="after")
    def _parts_fit(self) -> "Settings":
        faults = contradictions(self.stores, self.destinations)
        if self.backfill.integrations not in self.integrations:
            hint = nearest(self.backfill.integrations, self.integrations)
            faults.append(
                f"backfill.integrations: unknown preset {self.backfill.integrations!r}{hint}; "
                f"allowed: {', '.join(self.integrations)}"
            )
        if faults:
            raise PydanticCustomError("contradictions", "{faults}", {"faults": "\n".join(faults)})
        return self


def load_settings(path: Path) -> Settings:
    """Read and check the file. Raises ConfigurationError naming the file and every mistake in it."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from error
    try:
        return settings_of(raw)
    except ValidationError as error:
        # Not chained: pydantic's own text quotes the values, and a pasted secret may be among them.
        raise ConfigurationError("\n".join(f"{path}: {line}" for line in explain(error, Settings))) from None


def settings_of(raw: Mapping[str, Any]) -> Settings:
    """Check a parsed file; raises pydantic's ValidationError."""
    settings = Settings.model_validate(raw)
    stores = {name: _settled(name, store, settings.trackings) for name, store in settings.stores.items()}
    return settings.model_copy(update={"stores": stores})


def _settled(name: str, store: Store, general: Trackings) -> Store:
    """The store, knowing its name and its effective trackings."""
    settled = store.model_copy(update={"trackings": general.overridden_by(store.trackings)})
    settled._name = name
    return settled
