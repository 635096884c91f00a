"""The web application on a real ledger, with a guard that knows one visitor."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from doorway import guard, secrets

from commerce_events.ledger.ledger import Ledger
from commerce_events.web.app import create_app
from commerce_events.web.door import WebhookDoor
from commerce_events.web.keyring import Keyring
from commerce_events.web.postbox import Postbox


@pytest.fixture
def make_app() -> Callable[[Ledger], Any]:
    def make(ledger: Ledger, ask: Callable[[], Any] = secrets) -> Any:
        door = WebhookDoor(Keyring(ask), Postbox(lambda hints: ledger.inbox.keep(hints, datetime.now(UTC))))
        return create_app(guard, lambda: ledger, door)

    return make


@pytest.fixture
def app(ledger: Ledger, make_app: Callable[[Ledger], Any]) -> Any:
    return make_app(ledger)
