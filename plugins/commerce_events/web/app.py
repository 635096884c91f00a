"""The web application: a door for webhooks, which brings its own key, and pages behind the guard."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.concurrency import run_in_threadpool

from commerce_events.domain.errors import CommerceEventsError
from commerce_events.ledger.ledger import Ledger
from commerce_events.web.door import WebhookDoor, door_routes


def create_app(guard: Callable[..., Any], ledger: Callable[[], Ledger], door: WebhookDoor) -> FastAPI:
    """`guard` lets only those in who are logged in; `ledger` opens it, and may fail while it is away.

    Nothing describes the application to strangers: there is no schema and there are no docs.
    """
    app = FastAPI(
        title="commerce-events", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.include_router(door_routes(door))
    app.include_router(_pages(guard, ledger))
    return app


def _pages(guard: Callable[..., Any], ledger: Callable[[], Ledger]) -> APIRouter:
    pages = APIRouter(dependencies=[Depends(guard)])

    @pages.get("/inbox")
    async def inbox() -> dict[str, Any]:
        try:
            waiting, oldest = await run_in_threadpool(lambda: ledger().inbox.count())
        except CommerceEventsError:
            raise HTTPException(503) from None
        return {"waiting": waiting, "oldest": oldest}

    @pages.get("/{_rest:path}")  # so that a stranger is not told which pages there are
    async def nothing(_rest: str) -> None:
        raise HTTPException(404)

    return pages
