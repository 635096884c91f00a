"""Customers and account members against a store on loopback: all that changed, however the store behaves."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from elastic_path import LONG_AGO, NOW, RULES

from commerce_events.domain.records import Page, Record, Reject
from commerce_events.sandbox import faults
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient, ElasticPathSource
from commerce_events.sources.elasticpath.nodes import parse_moment
from commerce_events.sources.elasticpath.paging import Limits
from commerce_events.sources.source import NOT_FOUND

SMALL = Limits(page=20, wall=100, passes=200)
Make = Callable[..., ElasticPathSource]
Json = dict[str, Any]


@dataclass(frozen=True)
class People:
    """One of the two streams, and the store's own view of it."""

    stream: str
    path: str
    add: Callable[..., str]
    edit: Callable[..., None]
    delete: Callable[..., None]
    put_raw: Callable[..., str]
    documents: Callable[..., list[Json]]

    def ids(self, store: ElasticPathStandIn) -> list[str]:
        return [one["id"] for one in self.documents(store)]

    def latest(self, store: ElasticPathStandIn) -> dict[str, datetime | None]:
        return {
            one["id"]: parse_moment(one["meta"]["timestamps"]["updated_at"]) for one in self.documents(store)
        }

    def read(
        self, source: ElasticPathSource, start: datetime = LONG_AGO, after: str | None = None
    ) -> tuple[list[Record], list[Page]]:
        pages = list(source.changed_since(start, self.stream, after))
        assert [reject for page in pages for reject in page.rejects] == []
        return [record for page in pages for record in page.records], pages


CUSTOMERS = People(
    "customers",
    "/v2/customers",
    ElasticPathStandIn.add_customer,
    ElasticPathStandIn.edit_customer,
    ElasticPathStandIn.delete_customer,
    ElasticPathStandIn.put_raw_customer,
    ElasticPathStandIn.customers,
)
MEMBERS = People(
    "account_members",
    "/v2/account-members",
    ElasticPathStandIn.add_account_member,
    ElasticPathStandIn.edit_account_member,
    ElasticPathStandIn.delete_account_member,
    ElasticPathStandIn.put_raw_account_member,
    ElasticPathStandIn.account_members,
)
both = pytest.mark.parametrize("people", [CUSTOMERS, MEMBERS], ids=["customers", "members"])


def seeded(seed: int, people: int) -> ElasticPathStandIn:
    return ElasticPathStandIn(seed=seed, customers=people, members=people, now=NOW)


def counted(records: list[Record]) -> Counter[str]:
    return Counter(record.id for record in records)


def question(store: ElasticPathStandIn, ago: int = 1) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(store.requests.recent[-ago].query).items()}


@both
@pytest.mark.parametrize("stable_ties", [True, False])
def test_everyone_is_read_once(make_source: Make, people: People, stable_ties: bool) -> None:
    with seeded(1, 350) as store:
        store.habits.stable_ties = stable_ties

        records, _pages = people.read(make_source(store))

        assert counted(records) == Counter(people.ids(store))


def test_customers_are_asked_for_by_their_last_change(
    store: ElasticPathStandIn, source: ElasticPathSource
) -> None:
    CUSTOMERS.read(source, NOW)

    assert question(store) == {
        "filter": f'ge(updated_at,"{NOW:%Y-%m-%dT%H:%M:%SZ}")',
        "sort": "updated_at",
        "page[limit]": "100",
        "page[offset]": "0",
    }


def test_members_are_asked_for_without_a_filter(store: ElasticPathStandIn, source: ElasticPathSource) -> None:
    MEMBERS.read(source, NOW)

    assert question(store) == {"sort": "-updated_at", "page[limit]": "100", "page[offset]": "0"}


@both
def test_nobody_at_all_still_tells_the_stores_time(source: ElasticPathSource, people: People) -> None:
    _records, pages = people.read(source)

    assert [(len(page.records), page.served_at) for page in pages] == [(0, NOW)]


@both
def test_what_changed_since_is_all_that_is_read_and_costs_one_request(
    make_source: Make, people: People
) -> None:
    with seeded(2, 300) as store:
        store.advance(3_600)
        changed = Random(2).sample(people.ids(store), 12)
        for one in changed:
            people.edit(store, one, name="Ada Okafor")

        records, _pages = people.read(make_source(store), NOW + timedelta(seconds=1))

        assert counted(records) == Counter(changed)
        assert store.requests.counts[f"GET {people.path}"] == 1


@both
@pytest.mark.parametrize("seed", range(4))
def test_more_than_the_store_shows_of_one_result_are_read(
    make_source: Make, people: People, seed: int
) -> None:
    with seeded(seed, 500) as store:
        for email in (None, "", "éva@example.com", "_x@example.com", "*@example.com"):
            people.add(store, email=email)

        records, _pages = people.read(make_source(store, limits=SMALL))

        assert set(counted(records)) == set(people.ids(store))
        assert highest_offset(store, people) <= 100


def highest_offset(store: ElasticPathStandIn, people: People) -> int:
    """Beyond the last row that was asked for."""
    asked = [parse_qs(one.query) for one in store.requests.recent if one.path == people.path]
    return max(int(one["page[offset]"][0]) + int(one["page[limit]"][0]) for one in asked)


def stir(store: ElasticPathStandIn, people: People, dice: Random) -> None:
    """Somebody comes, changes or goes."""
    match dice.randrange(5):
        case 0:
            people.add(store)
        case 1:
            people.delete(store, dice.choice(people.ids(store)))
        case _:
            people.edit(store, dice.choice(people.ids(store)), name=f"Name {dice.random()}")


@both
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limits", [Limits(page=20, passes=300), Limits(page=20, wall=300, passes=300)])
def test_whoever_changes_comes_or_goes_meanwhile_is_met_now_or_by_the_next_scan(
    make_source: Make, people: People, seed: int, limits: Limits
) -> None:
    with seeded(seed, 200) as store:
        dice = Random(seed)
        still: list[bool] = []

        def disturb(_request: object) -> None:
            if not still:
                stir(store, people, dice)
                store.advance(dice.choice((0, 1)))

        store.on_request(disturb)
        source = make_source(store, limits=limits)

        records, pages = people.read(source)
        still.append(True)
        again, _pages = people.read(source, pages[0].served_at - timedelta(seconds=120))

        met = {record.id: record.updated_at for record in records + again}
        assert {one: met.get(one) for one in people.ids(store)} == people.latest(store)


@both
def test_a_fifth_of_all_requests_may_fail(people: People) -> None:
    with seeded(5, 600) as store:
        store.faults.mix(0.2, seed=5, faults=faults.retryable(stall=0.02))
        client = ElasticPathClient(
            requests.Session(), store.url, store.client_id, store.client_secret,
            requests_per_second=1e6, timeout=(1.0, 1.0), sleep=lambda _seconds: None,
        )  # fmt: skip

        records, _pages = people.read(ElasticPathSource(client, RULES, SMALL))

        assert set(counted(records)) == set(people.ids(store))
        assert store.faults.drawn.total() > 5


@both
def test_a_scan_that_was_cut_off_goes_on_without_a_gap(make_source: Make, people: People) -> None:
    with seeded(9, 150) as store:
        source = make_source(store, limits=Limits(page=20))
        _records, pages = people.read(source)

        for stop, page in enumerate(pages):
            before = [record for one in pages[: stop + 1] for record in one.records]
            after, _pages = people.read(source, LONG_AGO, page.cursor)
            assert set(counted(before + after)) == set(people.ids(store))


@both
def test_somebody_is_the_same_read_by_list_and_by_id_and_complete(make_source: Make, people: People) -> None:
    with seeded(4, 30) as store:
        source = make_source(store)
        records, _pages = people.read(source)
        asked = store.requests.total

        assert records
        assert [source.complete(record) for record in records] == records
        assert store.requests.total == asked
        assert [source.read(people.stream, record.id) for record in records] == records


@both
def test_somebody_whom_the_store_has_no_more_is_not_found(
    store: ElasticPathStandIn, source: ElasticPathSource, people: People
) -> None:
    gone = people.add(store)
    people.delete(store, gone)

    for record_id in (gone, "no/such id"):
        found = source.read(people.stream, record_id)
        assert isinstance(found, Reject)
        assert (found.record_id, found.reason) == (record_id, NOT_FOUND)


@both
def test_one_bad_record_does_not_sink_its_page(
    store: ElasticPathStandIn, source: ElasticPathSource, people: People
) -> None:
    good = people.add(store)
    (whole,) = people.documents(store)
    for changes in (
        {"id": ""},
        {"id": "no-times", "meta": {"timestamps": {}}},
        {"id": "nothing", "meta": None},
        {"id": "odd", "custom_attributes": [1], "name": {"first": "Ada"}, "email": 7, "password": "s3cret"},
        {"id": "late", "meta": {"timestamps": dict.fromkeys(("created_at", "updated_at"), "tomorrow")}},
    ):
        people.put_raw(store, {**whole, **changes})

    pages = list(source.changed_since(LONG_AGO, people.stream))

    assert {record.id for page in pages for record in page.records} == {good, "odd"}
    rejects = [reject for page in pages for reject in page.rejects]
    assert {(reject.record_id, reject.reason) for reject in rejects} == {
        (None, "missing_id"),
        ("no-times", "missing_timestamp"),
        ("nothing", "missing_timestamp"),
        ("late", "bad_timestamp"),
    }
    assert not any(b"password" in reject.body for reject in rejects)


@both
def test_a_list_that_lags_hides_changes_only_until_the_next_scan(make_source: Make, people: People) -> None:
    with seeded(8, 40) as store:
        store.habits.lag_seconds = 60
        source = make_source(store, limits=SMALL)
        late = people.add(store)

        records, pages = people.read(source)
        store.advance(120)
        again, _pages = people.read(source, pages[0].served_at - timedelta(seconds=120))

        assert late not in counted(records)
        assert late in counted(again)


def test_a_store_that_filters_by_day_is_read_just_as_exactly(make_source: Make) -> None:
    with seeded(3, 0) as store:
        store.habits.day_granularity = True
        for number in range(150):
            store.add_customer()
            store.advance(Random(number).choice((0, 0, 900)))
        start = NOW + timedelta(hours=2)
        expected = [one for one, at in CUSTOMERS.latest(store).items() if at and at >= start]

        records, _pages = CUSTOMERS.read(make_source(store, limits=Limits(page=7)), start)

        assert counted(records) == Counter(expected)
