"""The stores' queues, opened through Airflow's Amazon provider, which is an extra of its own."""

import re
from functools import partial

from commerce_events.airflow import connections
from commerce_events.config import Queue, Store
from commerce_events.domain.errors import ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.sources.elasticpath.pace import BRIEF
from commerce_events.steps.drain import Feed

HOST = re.compile(r"^https://(?:[a-z0-9-]+\.)?sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")


def feeds(ledger: Ledger) -> list[Feed]:
    """One for each store that has a queue."""
    stores = connections.settings().stores.items()
    return [open_feed(name, store, store.queue, ledger) for name, store in stores if store.queue]


def open_feed(name: str, store: Store, queue: Queue, ledger: Ledger) -> Feed:
    try:
        from airflow.providers.amazon.aws.hooks.sqs import SqsHook

        from commerce_events.sources.sqs import SqsQueue
    except ImportError as error:
        raise ConfigurationError(
            f"stores.{name}.queue needs Airflow's Amazon provider ({error.name} is missing): "
            "install commerce-events with its extra `sqs`"
        ) from None
    hook = SqsHook(aws_conn_id=queue.connection, region_name=_region(queue.url))
    opener = partial(connections.open_store, name, ledger, BRIEF)
    return Feed(name, SqsQueue(hook.get_conn(), queue.url, queue.connection), opener)


def _region(url: str) -> str | None:
    """As the URL says it; elsewhere than at Amazon the connection must."""
    found = HOST.match(url)
    return found[1] if found else None
