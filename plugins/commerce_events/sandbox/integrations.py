"""What a store's merchant wants to be told of, and where; and the log of every attempt to do so."""

from collections import deque
from dataclasses import dataclass
from random import Random
from threading import RLock

from commerce_events.sandbox.catalogue import new_id
from commerce_events.sandbox.clock import StoreClock, stamp
from commerce_events.sandbox.wire import Json

MOST_EVENTS = 5
MOST = 100
KEPT_LOGS = 10_000
REQUIRED = {
    "webhook": ("url",),
    "aws_sqs": ("url", "aws_access_key_id", "aws_secret_access_key", "region"),
    "stomp": ("addresses", "destination"),
}
SECRETS = ("secret_key", "aws_access_key_id", "aws_secret_access_key", "password")


class Invalid(Exception):
    """What the store says of an integration that it does not take."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one delivery went; `status` 0 where nobody answered."""

    succeeded: bool
    status: int
    body: str
    seconds: float
    trouble: str = ""


class Integrations:
    """Thread-safe. `shows_secrets` is how they can be read back, which no document tells:
    whole, masked, or not at all."""

    def __init__(self, clock: StoreClock, seed: int) -> None:
        self.shows_secrets = "whole"
        self._clock = clock
        self._dice = Random(f"integrations of {seed}")
        self._lock = RLock()
        self._known: dict[str, Json] = {}
        self._logs: deque[Json] = deque(maxlen=KEPT_LOGS)

    def webhook(self, url: str, secret: str, *events: str) -> list[str]:
        """As many integrations as so many events need; answers their ids."""
        return [
            str(
                self.create(
                    {
                        "type": "integration",
                        "name": f"Webhook {number}",
                        "enabled": True,
                        "integration_type": "webhook",
                        "observes": list(some),
                        "configuration": {"url": url, "secret_key": secret},
                    }
                )["id"]
            )
            for number, some in enumerate(_fives(events), 1)
        ]

    def create(self, given: Json) -> Json:
        with self._lock:
            if len(self._known) >= MOST:
                raise Invalid(f"You have reached the integration limit of {MOST}")
            now = stamp(self._clock.now())
            fresh = {
                "id": new_id(self._dice),
                "type": "integration",
                "integration_type": "webhook",
                "name": "",
                "description": "",
                "enabled": False,
                "observes": [],
                "configuration": {},
            }
            made = {**fresh, **_taken(given), "meta": {"timestamps": {"created_at": now, "updated_at": now}}}
            _check(made)
            self._known[str(made["id"])] = made
            return self._shown(made)

    def update(self, integration_id: str, given: Json) -> Json | None:
        """What is not given stays; a `configuration` that is given replaces the whole of it."""
        with self._lock:
            before = self._known.get(integration_id)
            if before is None:
                return None
            times = {**before["meta"]["timestamps"], "updated_at": stamp(self._clock.now())}
            after = {**before, **_taken(given), "meta": {"timestamps": times}}
            _check(after)
            self._known[integration_id] = after
            return self._shown(after)

    def delete(self, integration_id: str) -> bool:
        with self._lock:
            return self._known.pop(integration_id, None) is not None

    def all(self) -> list[Json]:
        """As they are shown."""
        with self._lock:
            return list(map(self._shown, self._known.values()))

    def get(self, integration_id: str) -> Json | None:
        """As it is, secrets and all."""
        with self._lock:
            return self._known.get(integration_id)

    def shown(self, integration_id: str) -> Json | None:
        with self._lock:
            found = self._known.get(integration_id)
            return self._shown(found) if found else None

    def observing(self, trigger: str) -> list[str]:
        with self._lock:
            return [
                each["id"] for each in self._known.values() if each["enabled"] and trigger in each["observes"]
            ]

    def note(self, integration_id: str, job_id: str, number: int, attempt: Attempt) -> None:
        with self._lock:
            self._logs.append(
                {
                    "id": new_id(self._dice),
                    "type": "integration-log",
                    "succeeded": attempt.succeeded,
                    "attempt": number,
                    "processing_time": round(attempt.seconds, 4),
                    "body": attempt.body,
                    "status_code": attempt.status,
                    "error_detail": attempt.trouble,
                    "relationships": {
                        "integration": {"data": {"type": "integration", "id": integration_id}},
                        "job": {"data": {"type": "integration-job", "id": job_id}},
                    },
                    "meta": {"timestamps": {"created_at": stamp(self._clock.now())}},
                }
            )

    def logs(self, integration_id: str | None = None, job_id: str | None = None) -> list[Json]:
        """The latest first; those of removed integrations too."""
        with self._lock:
            return [
                log
                for log in reversed(self._logs)
                if integration_id in (None, log["relationships"]["integration"]["data"]["id"])
                and job_id in (None, log["relationships"]["job"]["data"]["id"])
            ]

    def _shown(self, integration: Json) -> Json:
        configuration = dict(integration["configuration"])
        for name in SECRETS:
            if name not in configuration or self.shows_secrets == "whole":
                continue
            if self.shows_secrets == "masked":
                configuration[name] = "*" * 16 + configuration[name][-4:]
            else:
                del configuration[name]
        return {**integration, "configuration": configuration}


def _fives(events: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [events[start : start + MOST_EVENTS] for start in range(0, len(events), MOST_EVENTS)]


def _taken(given: Json) -> Json:
    names = ("name", "description", "enabled", "integration_type", "observes", "configuration")
    return {name: given[name] for name in names if name in given}


def _check(integration: Json) -> None:
    """Raises `Invalid`."""
    kind, configuration = integration["integration_type"], integration["configuration"]
    if kind not in REQUIRED:
        raise Invalid("integration_type must be one of webhook, aws_sqs, stomp")
    if not integration["name"]:
        raise Invalid("name is required")
    missing = [name for name in REQUIRED[kind] if not configuration.get(name)]
    if missing:
        raise Invalid(f"configuration.{missing[0]} is required")
    if not isinstance(integration["observes"], list) or not integration["observes"]:
        raise Invalid("observes is required")
    if len(integration["observes"]) > MOST_EVENTS:
        raise Invalid(f"You have reached the integration event limit of {MOST_EVENTS}")
