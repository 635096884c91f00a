"""From a queue into the inbox, against a real server: nothing is lost on the way, and nothing kept twice."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from pipeline import Pipeline
from queue_server import KEYS, REGION, SqsServer
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import ConfigurationError, TransientError
from commerce_events.ledger.ledger import Ledger
from commerce_events.ledger.tables import inbox
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sources.queue import Parcel, Queue
from commerce_events.sources.sqs import SqsQueue
from commerce_events.steps.drain import Feed, drain
from commerce_events.steps.ingest import ingest

EVENTS = ("order.created", "order.paid", "order.updated", "transaction.updated", "customer.deleted")


def now() -> datetime:
    return datetime.now(UTC)


def tell_queue(shop: ElasticPathStandIn, url: str) -> None:
    shop.integrations.create(
        {
            "name": "queue",
            "enabled": True,
            "integration_type": "aws_sqs",
            "observes": list(EVENTS),
            "configuration": {"url": url, "region": REGION, **KEYS},
        }
    )


@pytest.fixture
def opened(sqs: SqsServer, line: Pipeline) -> Callable[[str], Feed]:
    def feed(url: str) -> Feed:
        return Feed("main", SqsQueue(sqs.client(), url, "aws_default"), line.store)

    return feed


def event(number: int = 1) -> str:
    data = {"type": "order", "id": f"order-{number}"}
    return orjson.dumps({"id": f"event-{number}", "type": "order.updated", "data": data}).decode()


def kept(ledger: Ledger) -> list[str]:
    return sorted(one.hint.event_id for one in ledger.inbox.waiting("main", 1_000))


@pytest.mark.parametrize("fifo", [False, True])
def test_what_a_store_tells_a_queue_gets_into_the_inbox(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed], fifo: bool
) -> None:
    queue = sqs.queue(fifo=fifo)
    tell_queue(line.shop, queue)
    orders = [line.shop.place_order(buyer="guest") for _ in range(4)]
    for order in orders:
        line.shop.pay(order)
    line.shop.announcer.wait()

    outcome = drain(opened(queue), line.ledger, wait=1, clock=now)

    waiting = line.ledger.inbox.waiting("main", 100)
    assert outcome == {"messages": 12, "hints": 12}
    assert {one.hint.door for one in waiting} == {Door.QUEUE}
    assert {one.hint.record_id for one in waiting} == set(orders)
    assert sorted({one.hint.trigger for one in waiting}) == ["order.created", "order.paid", "order.updated"]
    assert sqs.left(queue) == 0


def test_of_an_order_too_large_for_a_queue_the_lines_are_read_from_the_store(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue()
    tell_queue(line.shop, queue)
    small = line.shop.place_order(buyer="guest")
    heavy = [{**item, "description": "x" * 300_000} for item in line.shop.items(small)]
    line.shop.put_raw({**line.shop.order(small), "id": "large"}, heavy)
    line.shop.announcer.wait()

    drain(opened(queue), line.ledger, wait=1, clock=now)
    with line.ledger.engine.connect() as connection:
        bodies = connection.scalars(select(inbox.c.body)).all()
    assert any(b"includes_elided" in body for body in bodies)
    ingest(
        line.ledger,
        {"main": line.store},
        [line.destination()],
        budget=timedelta(minutes=1),
        clock=line.clock.clock(),
    )

    told = {each["properties"]["order_id"]: each["properties"]["products"] for each in line.messages()}
    assert told["large"] == told[small] != []


def test_more_than_one_request_brings_is_moved_too(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue()
    sqs.put(queue, *map(event, range(25)))

    assert drain(opened(queue), line.ledger, wait=1, clock=now)["hints"] == 25
    assert sqs.left(queue) == 0


def test_a_message_that_comes_twice_is_one_hint(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue()
    sqs.put(queue, event(), event(), event(2))

    outcome = drain(opened(queue), line.ledger, wait=1, clock=now)

    assert outcome == {"messages": 3, "hints": 2}
    assert kept(line.ledger) == ["event-1", "event-2"]


def test_where_the_ledger_fails_every_message_stays_in_the_queue(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue(VisibilityTimeout="1")
    sqs.put(queue, *map(event, range(3)))
    with line.ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox RENAME TO away"))

    with pytest.raises(DBAPIError):
        drain(opened(queue), line.ledger, wait=1, clock=now)

    assert sqs.left(queue) == 3
    with line.ledger.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO inbox"))
    time.sleep(1.1)  # until they can be seen again
    assert drain(opened(queue), line.ledger, wait=1, clock=now)["hints"] == 3


@dataclass
class DiesBeforeDeleting:
    queue: Queue

    def receive(self, wait: int) -> Sequence[Parcel]:
        return self.queue.receive(wait)

    def delete(self, parcels: Sequence[Parcel]) -> int:
        raise KeyboardInterrupt


def test_who_dies_before_deleting_meets_the_same_hints_again(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue(VisibilityTimeout="1")
    sqs.put(queue, *map(event, range(3)))
    feed = opened(queue)

    with pytest.raises(KeyboardInterrupt):
        drain(Feed("main", DiesBeforeDeleting(feed.queue), line.store), line.ledger, wait=1, clock=now)
    time.sleep(1.1)
    outcome = drain(feed, line.ledger, wait=1, clock=now)

    assert outcome == {"messages": 3}
    assert len(kept(line.ledger)) == 3
    assert sqs.left(queue) == 0


def test_messages_that_cannot_be_read_wait_for_a_person_and_stop_no_other(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue()
    deep = '{"a":' * 600 + "1" + "}" * 600
    sqs.put(queue, event(1), "not json", "[1]", '"text"', deep, event(2))

    outcome = drain(opened(queue), line.ledger, wait=1, clock=now)

    assert outcome == {"messages": 6, "hints": 2, "unreadable": 4}
    assert sqs.left(queue) == 0
    rejects = line.ledger.reports.open_rejects()
    assert {(store, stream) for store, stream, *_ in rejects} == {("main", "queue")}
    assert {reason: count for *_, reason, count in rejects} == {"message_not_json": 3, "message_too_deep": 1}


def test_what_names_no_record_is_kept_all_the_same(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    queue = sqs.queue()
    sqs.put(queue, "{}", '{"id":"x","type":"planet.created","data":null}')

    assert drain(opened(queue), line.ledger, wait=1, clock=now)["hints"] == 2


def test_a_queue_that_is_not_there_is_a_mistake_to_mend(
    sqs: SqsServer, line: Pipeline, opened: Callable[[str], Feed]
) -> None:
    missing = f"{sqs.url}/123456789012/nowhere"

    with pytest.raises(ConfigurationError, match=r"check the queue's url in commerce\.toml .* aws_default"):
        drain(opened(missing), line.ledger, wait=1, clock=now)


def test_a_server_that_is_away_is_asked_again_later(line: Pipeline) -> None:
    import boto3
    from botocore.config import Config

    quick = Config(retries={"max_attempts": 0}, connect_timeout=0.5)
    away = "http://127.0.0.1:9"
    client = boto3.client("sqs", endpoint_url=away, region_name=REGION, config=quick, **KEYS)
    feed = Feed("main", SqsQueue(client, f"{away}/1/queue", "aws_default"), line.store)

    with pytest.raises(TransientError, match="SQS cannot be reached"):
        drain(feed, line.ledger, wait=1, clock=now)
