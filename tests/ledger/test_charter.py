"""What may never change under a ledger: the recipe of ids, each store's namespace, the key of hashed ids."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import update

from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import meta


def test_a_ledger_written_by_another_recipe_of_ids_is_refused(ledger, engine):
    with engine.begin() as connection:
        connection.execute(update(meta).where(meta.c.key == "recipe").values(value="0"))

    with pytest.raises(ConfigurationError, match="recipe 0"):
        Ledger(engine)


def test_a_store_keeps_the_namespace_it_began_with(ledger, engine):
    mine, other = uuid4(), uuid4()
    ledger.charter.accept_store("main", mine)
    ledger.charter.accept_store("main", mine)

    with pytest.raises(ConfigurationError, match=str(mine)):
        Ledger(engine).charter.accept_store("main", other)

    ledger.charter.accept_store("second", other)


def test_the_identity_key_is_made_once_and_long_enough(ledger, engine):
    key = ledger.charter.identity_key()

    assert len(key) == 32
    assert Ledger(engine).charter.identity_key() == key


def test_the_first_of_many_to_ask_decides_the_identity_key(ledger):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: ledger.charter.identity_key(), range(16)))

    assert len(keys) == 1
