"""What Airflow's own machinery makes of our provider."""

from typing import Any

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import Connection

from commerce_events.airflow.hooks.elasticpath import ElasticPathHook
from commerce_events.airflow.hooks.segment import SegmentHook
from commerce_events.airflow.hooks.segment_public_api import SegmentPublicApiHook
from commerce_events.airflow.provider import get_provider_info

HOOKS = [
    ("elasticpath", ElasticPathHook),
    ("segment", SegmentHook),
    ("segment_public_api", SegmentPublicApiHook),
]


@pytest.fixture(scope="module")
def manager() -> ProvidersManager:
    found = ProvidersManager()
    found.initialize_providers_hooks()
    return found


def fields(kind: str) -> dict[str, Any]:
    types = get_provider_info()["connection-types"]
    return next(one["conn-fields"] for one in types if one["connection-type"] == kind)


@pytest.mark.parametrize(("kind", "hook"), HOOKS)
def test_airflow_finds_the_hook_of_a_connection_type(
    manager: ProvidersManager, kind: str, hook: type
) -> None:
    info = manager.hooks[kind]

    assert info is not None
    assert info.hook_class_name == f"{hook.__module__}.{hook.__name__}"


@pytest.mark.parametrize(("kind", "hook"), HOOKS)
def test_a_connection_makes_its_own_hook(kind: str, hook: type) -> None:
    connection = Connection(conn_id="mine", conn_type=kind)

    made = connection.get_hook()

    assert isinstance(made, hook)
    assert made.http_conn_id == "mine"  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [kind for kind, _ in HOOKS])
def test_every_field_of_a_form_is_shown(manager: ProvidersManager, kind: str) -> None:
    shown = {name for name in manager.connection_form_widgets if name.startswith(f"extra__{kind}__")}

    assert shown == {f"extra__{kind}__{name}" for name in fields(kind)}


def test_the_standard_fields_carry_our_words(manager: ProvidersManager) -> None:
    labels = {kind: manager.field_behaviours[kind]["relabeling"] for kind, _ in HOOKS}

    assert labels == {
        "elasticpath": {"host": "API base URL", "login": "Client id", "password": "Client secret"},
        "segment": {"host": "API host", "password": "Write key"},
        "segment_public_api": {"host": "API host (empty: the US)", "password": "Token"},
    }


def test_secrets_in_extra_are_password_fields() -> None:
    hidden = {name for name, field in fields("elasticpath").items() if field["schema"].get("format")}

    assert hidden == {"webhook_secret", "webhook_secret_previous", "identity_key"}
