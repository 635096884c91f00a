"""Who comes to the web application in tests: a store with its secret, visitors, and strangers."""

from typing import Any

import orjson
from asgi import Call
from fastapi import HTTPException, Request

SECRET = "the store's own secret"
PREVIOUS = "the one before it"
DOOR = "/webhooks/elasticpath/main"
JSON = (b"content-type", b"application/json")
ORDER = {
    "id": "event-1",
    "triggered_by": "order.paid",
    "attempt": 1,
    "payload": {
        "data": {
            "type": "order",
            "id": "order-1",
            "customer": {"email": "ann@shop.example"},
            "meta": {"timestamps": {"updated_at": "2026-11-01T00:00:00Z"}},
        }
    },
    "configuration": {"url": "https://airflow.example/door", "secret_key": SECRET},
}


def guard(request: Request) -> None:
    if request.headers.get("authorization") != "a visitor's":
        raise HTTPException(401)


def webhook(body: Any = None, *, secret: str | None = SECRET, path: str = DOOR, **changes: Any) -> Call:
    raw = body if isinstance(body, bytes) else orjson.dumps({**ORDER, **changes} if body is None else body)
    key = [(b"x-moltin-secret-key", secret.encode())] if secret is not None else []
    return Call(path, headers=[JSON, *key], chunks=[raw])


def secrets() -> dict[str, tuple[str, ...] | None]:
    return {"main": (SECRET, PREVIOUS), "doorless": (), "unknown": None}
