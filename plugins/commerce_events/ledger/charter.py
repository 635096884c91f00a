"""What may never change under a ledger: namespaces, the recipe of ids, the key of hashed ids."""

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.ids import RECIPE
from commerce_events.ledger.database import Database, insert_into
from commerce_events.ledger.tables import meta


@dataclass(frozen=True, slots=True)
class Charter:
    """`reads_only` compares with what is kept and keeps nothing: a look must not settle anything for ever."""

    database: Database
    reads_only: bool = False

    def accept_recipe(self) -> None:
        """Refuse a ledger whose ids were computed in another way."""
        found = self._keep("recipe", RECIPE)
        if found != RECIPE:
            raise ConfigurationError(
                f"This ledger's ids follow recipe {found}, this version computes recipe {RECIPE}: "
                "every fact would be sent again. Use the version that wrote it, or a new ledger"
            )

    def accept_store(self, store: str, namespace: UUID) -> None:
        """Refuse a store whose namespace is not the one its ids were computed with."""
        found = self._keep(f"namespace:{store}", str(namespace))
        if found != str(namespace):
            raise ConfigurationError(
                f"stores.{store}.namespace is {namespace}, but this ledger was filled with {found}: "
                "every fact would be sent again under a new id. Restore the old value"
            )

    def identity_key(self) -> bytes:
        """The secret behind hashed guest ids, made once and kept."""
        return bytes.fromhex(self._keep("identity_key", secrets.token_hex(32)))

    def knows_past(self, store: str) -> bool:
        """Whether the ledger has seen every order the store ever had."""
        with self.database.read() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == f"past:{store}")) is not None

    def note_past(self, store: str, how: str) -> None:
        """Write down that nothing of the store's past is missing, and how that was found."""
        self._keep(f"past:{store}", how)

    def _keep(self, key: str, value: str) -> str:
        """The value kept under `key`; the given one if there was none."""
        with self.database.read() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.key == key))
        if found is not None or self.reads_only:
            return value if found is None else str(found)
        with self.database.write() as connection:
            connection.execute(
                insert_into(connection, meta).values(key=key, value=value).on_conflict_do_nothing()
            )
            return str(connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one())
