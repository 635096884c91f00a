"""The store's answers about integrations and their logs."""

import orjson

from commerce_events.sandbox.answers import document, failure, not_found
from commerce_events.sandbox.integrations import Integrations, Invalid
from commerce_events.sandbox.listing import read_page
from commerce_events.sandbox.wire import Json, Request, Response


class IntegrationPages:
    """`/v2/integrations`: the one resource of this store that can be written."""

    def __init__(self, integrations: Integrations, url: str) -> None:
        self._integrations = integrations
        self._url = url

    def answer(self, request: Request, rest: list[str]) -> Response:
        """Raises `Refused`."""
        match request.method, rest:
            case "GET", []:
                return self._page(request, self._integrations.all())
            case "POST", []:
                return self._write(request, None)
            case "GET", ["logs"]:
                return self._page(request, self._integrations.logs())
            case "GET", [integration_id]:
                return _one(self._integrations.shown(integration_id))
            case "PUT", [integration_id]:
                return self._write(request, integration_id)
            case "DELETE", [integration_id]:
                removed = self._integrations.delete(integration_id)
                return Response(200, b"") if removed else not_found("Integration")
            case "GET", [integration_id, *inner]:
                return self._inner(request, integration_id, inner)
            case _:
                return failure(405, "Method not allowed")

    def _inner(self, request: Request, integration_id: str, inner: list[str]) -> Response:
        if self._integrations.get(integration_id) is None:
            return not_found("Integration")
        match inner:
            case ["logs"]:
                return self._page(request, self._integrations.logs(integration_id))
            case ["jobs"]:
                jobs = [
                    log["relationships"]["job"]["data"] for log in self._integrations.logs(integration_id)
                ]
                return self._page(request, list({job["id"]: job for job in jobs}.values()))
            case ["jobs", job_id, "logs"]:
                return self._page(request, self._integrations.logs(integration_id, job_id))
            case _:
                return not_found("Resource")

    def _write(self, request: Request, integration_id: str | None) -> Response:
        try:
            given = orjson.loads(request.body)["data"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return failure(400, "Bad Request", detail="the body must be an object with data")
        try:
            if integration_id is None:
                return _one(self._integrations.create(given))
            return _one(self._integrations.update(integration_id, given))
        except Invalid as error:
            return failure(422, "Validation Error", detail=str(error))

    def _page(self, request: Request, found: list[Json]) -> Response:
        """Only links say whether there is more; no list tells how long it is."""
        page = read_page(request.parameters())
        start, limit = page["offset"], page["limit"]
        after = start + limit < len(found)
        links = {
            "first": self._link(request, 0, limit),
            "next": self._link(request, start + limit, limit) if after else None,
            "prev": self._link(request, max(0, start - limit), limit) if start else None,
        }
        return document({"data": found[start : start + limit], "links": links})

    def _link(self, request: Request, start: int, limit: int) -> str:
        return f"{self._url}{request.path}?page[offset]={start}&page[limit]={limit}"


def _one(found: Json | None) -> Response:
    return document({"data": found}) if found is not None else not_found("Integration")
