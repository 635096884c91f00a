"""The webhook door: whoever knows a store's secret may leave a hint. It is kept, and nothing else is done.

A stranger learns nothing: a store that is not there answers as one whose secret was wrong, and no answer has
a body. 503 makes the sender try again, as far as it does.
"""

import asyncio
import logging
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from commerce_events.domain.deliveries import Door
from commerce_events.domain.errors import BadRecordError, CommerceEventsError
from commerce_events.sources.elasticpath.hints import hint
from commerce_events.web.keyring import Keyring
from commerce_events.web.postbox import Postbox

log = logging.getLogger(__name__)

SECRET = "x-moltin-secret-key"
# An order with its lines, twice over, takes some ten kilobytes; queues hold 256.
MOST_BYTES = 2 * 1024 * 1024
# The sender gives up after ten seconds.
BODY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WebhookDoor:
    keyring: Keyring
    postbox: Postbox

    async def take(self, request: Request, store: str) -> int:
        """The status to answer with."""
        try:
            if not await self.keyring.opens(store, request.headers.get(SECRET, "")):
                return 401
            if not _is_json(request):
                return 415
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(request)
            if body is None:
                return 413
            await self.postbox.put(hint(store, Door.WEBHOOK, body))
        except BadRecordError:
            return 422
        except TimeoutError:
            return 408
        except CommerceEventsError as error:
            log.warning("the webhook door cannot keep a hint: %s", error)
            return 503
        return 202


def door_routes(door: WebhookDoor) -> APIRouter:
    routes = APIRouter()

    @routes.post("/webhooks/elasticpath/{store:path}")
    async def elasticpath(request: Request, store: str) -> Response:
        try:
            status = await door.take(request, store)
        except ClientDisconnect:
            status = 400  # nobody is there to read it
        return Response(status_code=status, headers={"Retry-After": "5"} if status == 503 else None)

    return routes


def _is_json(request: Request) -> bool:
    """JSON in UTF-8, as it is: compressed bodies could unfold in memory to any size."""
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    said = [each.strip() for each in parameters if each.strip().startswith("charset")]
    plain = all(each.replace('"', "") in ("charset=utf-8", "charset=utf8") for each in said)
    return kind.strip() == "application/json" and plain and "content-encoding" not in request.headers


async def _body(request: Request) -> bytes | None:
    """None for one that is too long, of which no more than the limit is ever held."""
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed[:20]) > MOST_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > MOST_BYTES:
            return None
        body += chunk
    return bytes(body)
