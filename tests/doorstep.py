"""Where a store's notices arrive in tests: takes what comes, and fails on demand."""

from typing import Any

import orjson

from commerce_events.sandbox.http import StandIn
from commerce_events.sandbox.wire import Request, Response


class Doorstep(StandIn):
    def answer(self, request: Request) -> Response:
        return Response(202, b"{}")

    def arrived(self) -> list[Request]:
        return list(self.requests.recent)

    def bodies(self) -> list[dict[str, Any]]:
        return [orjson.loads(each.body) for each in self.arrived()]

    def triggers(self) -> list[str]:
        return [each["triggered_by"] for each in self.bodies()]
