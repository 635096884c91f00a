"""All stand-ins in one process, for the demo and for trying things by hand."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from random import Random
from threading import Event, Lock, Thread
from types import TracebackType

import orjson

from commerce_events.sandbox.activity import move_on
from commerce_events.sandbox.public_api import PublicApiStandIn
from commerce_events.sandbox.segment import SegmentStandIn
from commerce_events.sandbox.store import ElasticPathStandIn
from commerce_events.sandbox.wire import Json, Request, Response

LIVE_PAUSE = 0.5


class Sandbox(AbstractContextManager["Sandbox"]):
    """A store, a Segment with its Public API, and a small control surface for other processes on each:

    `POST /_sandbox/step?n=10` moves orders on, `GET /_sandbox/stats` counts,
    `GET /_sandbox/segment/messages` lists each message once.
    """

    def __init__(
        self,
        *,
        port_store: int = 0,
        port_segment: int = 0,
        port_public_api: int = 0,
        orders: int = 200,
        seed: int = 0,
        now: datetime | None = None,
    ) -> None:
        self.store = ElasticPathStandIn(seed=seed, orders=orders, now=now, port=port_store)
        self.segment = SegmentStandIn(port=port_segment)
        self.public_api = PublicApiStandIn(self.segment, port=port_public_api)
        self._dice = Random(seed)
        self._lock = Lock()
        self._stopped = Event()
        for stand_in in (self.store, self.segment, self.public_api):
            stand_in.control = {
                "/_sandbox/step": self._step,
                "/_sandbox/stats": lambda _request: _answer(self.stats()),
                "/_sandbox/segment/messages": lambda _request: _answer(list(self.segment.unique().values())),
            }

    def step(self, count: int) -> Json:
        """What happened, by the name of the step."""
        with self._lock:
            return dict(move_on(self.store, self._dice, count))

    def stats(self) -> Json:
        requests, drops = self.store.requests, self.segment.drops
        return {
            "store": {
                "orders": len(self.store.order_ids()),
                "customers": len(self.store.customer_ids()),
                "account_members": len(self.store.account_member_ids()),
                "requests": requests.total,
                "by_route": dict(requests.counts),
                "webhooks": dict(self.store.announcer.counts),
            },
            "segment": {
                "unique": len(self.segment.inbox.ids()),
                "duplicates": drops["duplicate"],
                "drops": {reason: count for reason, count in drops.items() if reason != "duplicate"},
                "batches": self.segment.requests.total,
            },
            "public_api": {
                "regulations": len(self.public_api.book.all()),
                "suppressed": len(self.public_api.suppressed()),
            },
        }

    def live(self, pause: float = LIVE_PAUSE) -> None:
        """Keep orders moving in the background until closed; `pause` is the seconds between two steps."""
        Thread(target=self._live, args=(pause,), daemon=True).start()

    def close(self) -> None:
        self._stopped.set()
        self.store.close()
        self.segment.close()
        self.public_api.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _live(self, pause: float) -> None:
        while not self._stopped.wait(pause):
            self.step(1)

    def _step(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(405, b"POST this", "text/plain")
        given = request.parameters().get("n", "1")
        return _answer(self.step(int(given))) if given.isdigit() else Response(400, b"n", "text/plain")


def run(
    port_store: int = 0,
    port_segment: int = 0,
    orders: int = 200,
    seed: int = 0,
    *,
    live: bool = False,
    faults: float = 0.0,
    announce: Callable[[str], None] = print,
) -> None:
    """Serve until Ctrl-C. `faults` is the share of requests that go wrong, everywhere."""
    with Sandbox(port_store=port_store, port_segment=port_segment, orders=orders, seed=seed) as sandbox:
        if faults:
            for stand_in in (sandbox.store, sandbox.segment, sandbox.public_api):
                stand_in.faults.mix(faults, seed)
        if live:
            sandbox.live()
        for line in introduction(sandbox):
            announce(line)
        try:
            Event().wait()
        except KeyboardInterrupt:
            announce("Stopped.")


def introduction(sandbox: Sandbox) -> tuple[str, ...]:
    """Where to find it and how to log in; these secrets open nothing but the sandbox."""
    store, segment = sandbox.store, sandbox.segment
    return (
        f"store    {store.url}  client id {store.client_id}, secret {store.client_secret}",
        f"segment  {segment.url}  write key {min(segment.write_keys)}",
        f"public   {sandbox.public_api.url}  Segment's Public API, token {sandbox.public_api.token}",
        f"control  {store.url}/_sandbox/stats",
    )


def _answer(body: object) -> Response:
    return Response(200, orjson.dumps(body))
