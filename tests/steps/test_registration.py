"""What a store is made to tell us, and how that is kept right."""

from collections.abc import Iterator

import pytest
import requests
from doorstep import Doorstep
from pipeline import settings

from commerce_events.config import Store
from commerce_events.domain.errors import ConfigurationError, RejectedError, TransientError
from commerce_events.sandbox.faults import CUT, status, timeout
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.elasticpath import ElasticPathClient
from commerce_events.sources.elasticpath.integrations import Integrations
from commerce_events.steps.observed import observed
from commerce_events.steps.registration import Deed, ours, plan, register, remove

URL = "https://airflow.example.com/commerce-events/webhooks/elasticpath/main"
SECRET = "a-secret-that-nobody-guesses"


@pytest.fixture
def shop() -> Iterator[ElasticPathStandIn]:
    with ElasticPathStandIn() as stand_in:
        yield stand_in
        assert stand_in.crashes == []


@pytest.fixture
def integrations(shop) -> Integrations:
    client = ElasticPathClient(
        requests.Session(),
        shop.url,
        shop.client_id,
        shop.client_secret,
        requests_per_second=1e6,
        sleep=lambda _: None,
    )
    return Integrations(client)


def store(**changes: object) -> Store:
    return settings(**{"people": ["customers"], **changes}).stores["main"]


def deeds(steps) -> list[str]:
    return [step.deed for step in steps]


def test_a_store_tells_of_what_its_trackings_tell():
    assert observed(store()) == (
        "order.created",
        "order.paid",
        "order.updated",
        "order.refunded",
        "order.cancelled",
        "transaction.updated",
        "customer.created",
        "customer.updated",
    )


@pytest.mark.parametrize(
    ("changes", "more", "less"),
    [
        ({"people": []}, set(), {"customer.created", "customer.updated"}),
        ({"people": ["account_members"]}, {"account-member.updated"}, {"customer.updated"}),
        (
            {"trackings": {"order_completed": {"trigger": "order.fulfilled"}}},
            {"order.fulfilled"},
            {"order.paid"},
        ),
        ({"trackings": {"order_cancelled": {"enabled": False}}}, set(), {"order.cancelled"}),
        ({"partial_refunds": False}, set(), {"transaction.updated"}),
        ({"transactions": "refunded"}, set(), {"transaction.updated"}),
        ({"erasure": {"on_deleted": True}}, {"customer.deleted"}, set()),
        (
            {"erasure": {"on_anonymised": True}, "trackings": {"order_updated": {"enabled": False}}},
            {"order.updated"},
            set(),
        ),
    ],
)
def test_what_is_switched_off_is_not_asked_for(changes, more, less):
    events = set(observed(store(**changes)))

    assert more <= events
    assert not less & events


def test_eight_events_take_two_integrations(shop, integrations):
    done = register(store(), integrations, URL, SECRET)

    made = shop.integrations.all()
    assert deeds(done) == [Deed.CREATE, Deed.CREATE]
    assert [each["name"] for each in made] == ["commerce-events main 1", "commerce-events main 2"]
    assert [len(each["observes"]) for each in made] == [5, 3]
    assert all(each["enabled"] for each in made)
    assert all(each["configuration"] == {"url": URL, "secret_key": SECRET} for each in made)


def test_a_second_time_nothing_is_done(shop, integrations):
    register(store(), integrations, URL, SECRET)
    shop.requests.clear()

    assert register(store(), integrations, URL, SECRET) == []
    assert not any(line.startswith(("POST", "PUT", "DELETE")) for line in shop.requests.counts)


@pytest.mark.parametrize(
    ("drift", "why"),
    [
        ({"enabled": False}, "it is switched off"),
        (
            {"configuration": {"url": "https://old.example.com", "secret_key": SECRET}},
            "it posts to https://old",
        ),
        ({"configuration": {"url": URL, "secret_key": "other"}}, "its secret is not the connection's"),
        ({"observes": ["order.paid"]}, "it does not tell of order.cancelled, order.created"),
        ({"observes": ["cart.updated"]}, "it tells of cart.updated, which nobody needs"),
    ],
)
def test_what_was_changed_by_hand_is_seen_and_put_right(shop, integrations, drift, why):
    register(store(), integrations, URL, SECRET)
    before = shop.integrations.all()
    shop.integrations.update(before[0]["id"], drift)

    [step] = plan(store(), URL, SECRET, integrations.all())
    register(store(), integrations, URL, SECRET)

    assert why in step.why
    assert SECRET not in step.why
    after = shop.integrations.all()
    assert [{**each, "meta": None} for each in after] == [{**each, "meta": None} for each in before]


def test_one_that_is_gone_comes_back(shop, integrations):
    register(store(), integrations, URL, SECRET)
    shop.integrations.delete(shop.integrations.all()[0]["id"])

    done = register(store(), integrations, URL, SECRET)

    assert deeds(done) == [Deed.CREATE]
    assert sorted(len(each["observes"]) for each in shop.integrations.all()) == [3, 5]


def test_one_that_is_there_twice_goes_and_so_does_one_that_nobody_needs(shop, integrations):
    register(store(), integrations, URL, SECRET)
    shop.integrations.create(shop.integrations.all()[0])

    few = {"order_refunded": {"enabled": False}}
    done = register(store(people=[], trackings=few), integrations, URL, SECRET)

    assert sorted(deeds(done)) == [Deed.CHANGE, Deed.DELETE, Deed.DELETE]
    [left] = shop.integrations.all()
    assert left["observes"] == ["order.created", "order.paid", "order.updated", "order.cancelled"]


def test_those_of_others_are_left_alone(shop, integrations):
    names = ("My shop", "commerce-events other 1", "commerce-events main", "commerce-events main x")
    for name in names:
        made = shop.integrations.webhook("https://example.com", "theirs", "order.paid")
        shop.integrations.update(made[0], {"name": name})

    register(store(), integrations, URL, SECRET)
    remove(store(), integrations)

    assert [each["name"] for each in shop.integrations.all()] == list(names)


@pytest.mark.parametrize("shows", ["masked", "none"])
def test_a_secret_that_cannot_be_read_back_is_written_again(shop, integrations, shows):
    shop.integrations.shows_secrets = shows
    register(store(), integrations, URL, "the-secret-before-it-was-rotated")

    assert plan(store(), URL, SECRET, integrations.all()) == []
    done = register(store(), integrations, URL, SECRET)

    assert {step.why for step in done} == {"its secret cannot be read back"}
    shop.integrations.shows_secrets = "whole"
    assert {each["configuration"]["secret_key"] for each in shop.integrations.all()} == {SECRET}


@pytest.mark.parametrize("fault", [CUT, timeout(0.01, taken=True)])
def test_an_answer_that_is_lost_leaves_no_second_integration(shop, integrations, fault):
    faults = [fault]

    def lose_one(request):
        if request.method == "POST" and request.path == "/v2/integrations" and faults:
            shop.faults.next(faults.pop())

    shop.on_request(lose_one)

    register(store(), integrations, URL, SECRET)

    assert shop.requests.counts["POST /v2/integrations"] == 3
    assert len(shop.integrations.all()) == 2
    assert plan(store(), URL, SECRET, integrations.all()) == []


def test_a_store_that_is_away_says_so(shop, integrations):
    shop.faults.always(status(503))

    with pytest.raises(TransientError, match="503"):
        register(store(), integrations, URL, SECRET)


def test_a_store_that_takes_no_more_says_so(shop, integrations):
    for _ in range(99):
        shop.integrations.webhook("https://example.com", "theirs", "order.paid")

    with pytest.raises(RejectedError, match="integration limit of 100"):
        register(store(), integrations, URL, SECRET)


def test_a_key_that_may_not_write_says_so(shop, integrations):
    shop.faults.next(status(403), where=lambda path: "integrations" in path)

    with pytest.raises(ConfigurationError, match="may not read this"):
        register(store(), integrations, URL, SECRET)


def test_all_of_ours_and_nothing_else_is_removed(shop, integrations):
    register(store(), integrations, URL, SECRET)

    assert deeds(remove(store(), integrations)) == [Deed.DELETE, Deed.DELETE]
    assert shop.integrations.all() == []
    assert remove(store(), integrations) == []


def test_the_log_is_read_to_its_end_and_the_latest_is_first(shop, integrations):
    with Doorstep() as door:
        shop.announcer.manners.pauses = ()
        door.faults.mix(0.3, faults=[status(500)])
        register(store(), integrations, f"{door.url}/x", SECRET)
        for _ in range(130):
            shop.place_order(buyer="guest")
        shop.announcer.wait()
        [mine, _] = ours(store(), integrations.all())

    logs = integrations.logs(mine.id)

    assert len(logs) == 130
    assert len({log.job_id for log in logs}) == 130
    assert [log.at for log in logs] == sorted((log.at for log in logs), reverse=True)
    assert {log.status for log in logs if not log.succeeded} == {500}
