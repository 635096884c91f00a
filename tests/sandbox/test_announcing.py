"""What the store tells others of itself: webhooks and queue messages as the documents show them."""

from collections import Counter
from collections.abc import Iterator

import orjson
import pytest
from doorstep import Doorstep

from commerce_events.sandbox.faults import slow, status
from commerce_events.sandbox.happenings import Happening
from commerce_events.sandbox.posting import Notice, cloud_event

ORDERS = ("order.created", "order.updated", "order.paid", "order.refunded", "order.cancelled")
MORE = ("transaction.created", "transaction.updated", "order.authorized", "order.fulfilled")
PEOPLE = ("customer.created", "customer.updated", "customer.deleted", "account-member.updated")
SECRET = "sandbox-webhook-secret"


@pytest.fixture
def door() -> Iterator[Doorstep]:
    with Doorstep() as found:
        yield found


@pytest.fixture
def told(store, door):
    """A store that tells of everything; its notices end quickly."""
    store.announcer.manners.pauses = (0.02, 0.02)
    store.integrations.webhook(f"{door.url}/door", SECRET, *ORDERS, *MORE, *PEOPLE)
    return store


def heard(store, door) -> Counter[str]:
    store.announcer.wait(10)
    return Counter(door.triggers())


def test_a_payment_is_told_three_ways(told, door):
    order = told.place_order(buyer="guest")
    told.pay(order)

    assert heard(told, door) == Counter(
        ["order.created", "transaction.created", "order.paid", "order.updated"]
    )


def test_a_partial_refund_is_told_by_its_transaction_alone(told, door):
    order = told.place_order(buyer="guest")
    told.pay(order)
    told.announcer.wait()
    door.requests.clear()

    told.refund(order, 1)

    assert heard(told, door) == Counter(["transaction.updated", "order.updated"])


@pytest.mark.parametrize(
    ("step", "trigger"),
    [("authorise", "order.authorized"), ("cancel", "order.cancelled"), ("edit", "order.updated")],
)
def test_what_happens_to_an_order_has_its_event(told, door, step, trigger):
    told.take_step(told.place_order(buyer="guest"), step)

    assert trigger in heard(told, door)


def test_the_body_and_the_headers_are_those_of_the_documents(told, door):
    order = told.place_order(buyer="guest")
    told.announcer.wait()

    [request], [body] = door.arrived(), door.bodies()
    assert request.headers["x-moltin-secret-key"] == SECRET
    assert request.headers["x-moltin-integration-trigger"] == "order.created"
    assert body["payload"] == {"data": told.order(order), "included": {"items": told.items(order)}}
    assert orjson.loads(body["resources"]) == body["payload"]
    assert body["configuration"] == {"url": f"{door.url}/door", "secret_key": SECRET}
    assert set(body) == {
        *("id", "triggered_by", "attempt", "integration", "resources", "payload", "configuration"),
        *("store_id", "org_id"),
    }


def test_of_what_was_deleted_only_type_and_id_are_told(told, door):
    customer = told.add_customer()
    told.delete_customer(customer)
    told.announcer.wait()

    [gone] = [each for each in door.bodies() if each["triggered_by"] == "customer.deleted"]
    assert gone["payload"] == gone["resources"] == {"type": "customer", "id": customer}


def test_an_address_changes_no_customer(told, door):
    customer = told.add_customer()
    told.add_address(customer)

    assert heard(told, door) == Counter(["customer.created"])


def test_a_refused_notice_comes_again_under_its_id(told, door):
    door.faults.next(status(500), times=2)
    told.place_order(buyer="guest")
    told.announcer.wait()

    assert [each["attempt"] for each in door.bodies()] == [1, 2, 3]
    assert len({each["id"] for each in door.bodies()}) == 1


def test_or_under_another_where_the_store_is_so(told, door):
    told.announcer.manners.keeps_id = False
    door.faults.next(status(500))
    told.place_order(buyer="guest")
    told.announcer.wait()

    assert len({each["id"] for each in door.bodies()}) == 2


def test_after_the_last_attempt_the_event_is_lost_and_only_the_log_knows(told, door, api):
    door.faults.always(status(404))
    told.place_order(buyer="guest")
    told.announcer.wait()

    logs = api.get("/v2/integrations/logs").json()["data"]
    assert [log["attempt"] for log in logs] == [3, 2, 1]
    assert {log["status_code"] for log in logs} == {404}
    assert not any("payload" in log or log["succeeded"] for log in logs)
    assert told.announcer.counts["lost"] == 1


def test_who_answers_slowly_has_failed(told, door):
    told.announcer.manners.patience = 0.05
    door.faults.next(slow(0.3))
    told.place_order(buyer="guest")
    told.announcer.wait()

    assert told.announcer.counts["failed"] == 1
    assert told.announcer.counts["accepted"] == 1


def test_notices_may_come_twice_or_overtake_each_other_or_never_come(told, door):
    told.announcer.manners.duplicates = told.announcer.manners.delay = 0.5
    told.announcer.manners.lost = 0.1
    orders = [told.place_order(buyer="guest") for _ in range(60)]
    told.announcer.wait()

    came = [each["payload"]["data"]["id"] for each in door.bodies()]
    assert len(came) > len(set(came)) < len(orders)
    assert list(dict.fromkeys(came)) != [order for order in orders if order in came]


def test_who_is_switched_off_hears_nothing(told, door):
    for each in told.integrations.all():
        told.integrations.update(each["id"], {"enabled": False})

    told.place_order()

    assert heard(told, door) == Counter()


def test_an_integration_takes_five_events_and_no_more(api):
    wanted = {
        "type": "integration",
        "name": "six",
        "integration_type": "webhook",
        "observes": [*ORDERS, "order.fulfilled"],
        "configuration": {"url": "https://example.com"},
    }

    answer = api.session.post(f"{api.url}/v2/integrations", json={"data": wanted}, timeout=5)

    assert answer.status_code == 422
    assert "event limit of 5" in answer.json()["errors"][0]["detail"]


def test_an_integration_lives_over_http(api):
    url = f"{api.url}/v2/integrations"
    made = {
        "type": "integration",
        "name": "mine",
        "enabled": True,
        "integration_type": "webhook",
        "observes": ["order.paid"],
        "configuration": {"url": "https://example.com", "secret_key": SECRET},
    }

    integration = api.session.post(url, json={"data": made}, timeout=5).json()["data"]
    own = f"{url}/{integration['id']}"
    changed = api.session.put(own, json={"data": {"type": "integration", "enabled": False}}, timeout=5)

    assert changed.json()["data"] == {**integration, "enabled": False}
    assert api.session.delete(own, timeout=5).status_code == 200
    assert api.session.get(own, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("shows", "seen"), [("whole", SECRET), ("masked", "*" * 16 + "cret"), ("none", None)]
)
def test_a_secret_may_not_be_read_back(told, api, shows, seen):
    told.integrations.shows_secrets = shows

    [first, *_] = api.get("/v2/integrations").json()["data"]

    assert first["configuration"].get("secret_key") == seen


def test_what_a_queue_does_not_hold_is_left_out_of_its_message(store):
    order = store.place_order()
    heavy = [{**item, "description": "x" * 300_000} for item in store.items(order)]
    resource = {"data": store.order(order), "included": {"items": heavy}}

    message = orjson.loads(cloud_event(Notice("1", "job", "i", Happening("order.paid", resource)), "i"))

    assert message["included"] == {"meta": {"includes_elided": True}}
    assert message["data"] == store.order(order)
    assert message["type"] == "order.paid"
    assert "time" not in message
