"""The door from Airflow's settings to our objects."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL

from commerce_events.airflow import connections
from commerce_events.airflow.files import include_folder
from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.domain.plans import Estimate, Plan, Wish
from commerce_events.sandbox.run import Sandbox

Connect = Callable[..., None]
NEW_YEAR, EASTER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC)
WISH = Wish("main", ("orders",), NEW_YEAR, EASTER, (Kind.ORDER_COMPLETED,), "quiet", {"All": False})
PLAN = Plan("plan-7", WISH, None, EASTER, (), Estimate(0, 0, 0), EASTER)


def test_a_store_and_its_destination_open(deployment: Sandbox) -> None:
    store = connections.open_store("main")
    (destination,) = connections.open_destinations()

    assert connections.store_names() == ["main"]
    assert (store.name, store.run) == ("main", None)
    assert (destination.name, destination.events_per_second) == ("segment", 1000)
    assert sum(len(page.records) for page in store.source.changed_since(store.settings.start, "orders")) == 40


def test_an_unknown_name_is_answered_with_the_known_ones(deployment: Sandbox) -> None:
    with pytest.raises(ConfigurationError, match="has no store 'other'; it has main"):
        connections.open_store("other")
    with pytest.raises(ConfigurationError, match="has no destination 'other'; it has segment"):
        connections.open_destination("other")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_the_sandbox_namespace_is_refused_for_a_real_store(deployment: Sandbox, connect: Connect) -> None:
    connect("elasticpath_default", host="https://euwest.api.elasticpath.com")

    with pytest.raises(ConfigurationError, match=r"stores\.main\.namespace is the sandbox's own"):
        connections.open_store("main")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_store_may_not_change_its_namespace(deployment: Sandbox, include: Path) -> None:
    connections.open_store("main")
    settings = include / "commerce.toml"
    settings.write_text(settings.read_text().replace("6f1b1d3e", "7f1b1d3e"))

    with pytest.raises(ConfigurationError, match="under a new id"):
        connections.open_store("main")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_key_of_the_connection_takes_the_place_of_the_ledgers(
    deployment: Sandbox, connect: Connect
) -> None:
    own = connections.open_store("main").renderer.key
    connect("elasticpath_default", extra={"identity_key": "given"})

    assert connections.open_store("main").renderer.key == b"given" != own


def test_a_file_ledger_is_made_and_brought_up_to_date_by_itself(connect: Connect, tmp_path: Path) -> None:
    connect("commerce_ledger", conn_type="sqlite", host=str(tmp_path / "new.db"))

    assert connections.open_ledger().reports.records() == []


def test_a_postgres_ledger_waits_for_somebody_to_migrate_it(connect: Connect, postgres_server: URL) -> None:
    host = postgres_server.query["host"]
    connect("commerce_ledger", conn_type="postgres", host=host, login="postgres", schema="postgres")

    with pytest.raises(ConfigurationError, match="commerce-events ledger migrate"):
        connections.open_ledger()


def test_settings_are_found_beside_the_package() -> None:
    assert include_folder() == Path(__file__).parents[2] / "include"


def test_a_folder_without_settings_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__COMMERCE_EVENTS__INCLUDE", str(tmp_path))

    with pytest.raises(ConfigurationError, match=f"There is no {tmp_path}/commerce.toml"):
        include_folder()


ERASURE = """
[stores.main.erasure]
connection = "{main}"
[stores.second]
namespace = "1f1b1d3e-5c0a-4f57-9a4e-d3f0c0ffee00"
start = 2000-01-01T00:00:00Z
people = ["customers", "account_members"]
[stores.second.erasure]
regulation = "{second}"
"""


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_people_are_named_stream_by_stream_and_opened_so(deployment: Sandbox, include: Path) -> None:
    with (include / "commerce.toml").open("a") as settings:
        settings.write(ERASURE.format(main="segment_public_api_default", second="none"))

    names = connections.people_streams()
    store, stream = connections.open_stream("second/account_members")

    assert names == ["main/customers", "second/customers", "second/account_members"]
    assert (store.name, stream) == ("second", "account_members")


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_stores_are_erased_through_the_connection_that_each_names(
    deployment: Sandbox, include: Path, connect: Connect
) -> None:
    connect("another_workspace", conn_type="segment_public_api", password="t")
    with (include / "commerce.toml").open("a") as settings:
        settings.write(ERASURE.format(main="another_workspace", second="DELETE_ONLY"))

    workspaces = {one.connection: one for one in connections.open_workspaces()}

    assert workspaces["another_workspace"].kinds == {"main": "SUPPRESS_WITH_DELETE"}
    assert workspaces["segment_public_api_default"].kinds == {"second": "DELETE_ONLY"}
    assert all(one.client for one in workspaces.values())


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_the_connection_of_the_public_api_may_be_missing_unless_somebody_names_it(
    deployment: Sandbox, include: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SEGMENT_PUBLIC_API_DEFAULT")
    (unnamed,) = connections.open_workspaces()
    with (include / "commerce.toml").open("a") as settings:
        settings.write(ERASURE.format(main="segment_public_api_default", second="none"))

    assert unnamed.client is None
    with pytest.raises(ConfigurationError, match="no connection segment_public_api_default: add it"):
        connections.open_workspaces()


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_store_without_regulations_opens_no_public_api(deployment: Sandbox, include: Path) -> None:
    with (include / "commerce.toml").open("a") as settings:
        settings.write('[stores.main.erasure]\nregulation = "none"\n')

    assert connections.open_workspaces() == []
    assert connections.open_public_api(connections.settings().stores["main"]) is None


@pytest.mark.parametrize("ledger_url", ["sqlite"], indirect=True)
def test_a_preset_holds_whatever_the_connection_says_of_single_receivers(
    deployment: Sandbox, connect: Connect
) -> None:
    connect("segment_default", password="key", extra={"integrations": {"Mixpanel": True}})
    store = connections.settings().stores["main"]

    assert connections.routing("quiet", store) == {"All": False, "Mixpanel": False}
    assert connections.routing("everything", store) == {}
    with pytest.raises(ConfigurationError, match=r"no section integrations\.loud; it has quiet, everything"):
        connections.routing("loud", store)


def test_all_who_open_a_store_share_its_requests(deployment: Sandbox, connect: Connect) -> None:
    """Two in turn, with eight requests a second for both: a dozen takes a second and a half all the same."""
    connect("elasticpath_default", extra={"requests_per_second": 8})
    ledger = connections.open_ledger()
    live = connections.open_store("main", ledger)
    past = connections.open_store("main", ledger, plan=PLAN)
    began = time.monotonic()

    for _ in range(6):
        for store in (live, past):
            store.source.anything_before(store.settings.start, "orders")

    assert (past.door, live.door) == (Door.BACKFILL, Door.POLL)
    assert time.monotonic() - began > 12 / 8
