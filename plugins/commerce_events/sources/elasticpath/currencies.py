"""How many decimals a currency's minor units hold, as the store says."""

from collections.abc import Mapping
from threading import Lock

from commerce_events.sources.elasticpath.client import ElasticPathClient
from commerce_events.sources.elasticpath.nodes import Node


class Currencies:
    """Asked for once, when the first order needs it. What the configuration says comes first."""

    def __init__(self, client: ElasticPathClient, configured: Mapping[str, int]) -> None:
        self._client = client
        self._configured = configured
        self._told: Mapping[str, int] | None = None
        self._lock = Lock()

    def exponent(self, currency: Node) -> int:
        code = currency.text().upper()
        if not code:
            raise currency.fault("unknown_currency", "the order names no currency")
        known = self._configured.get(code)
        exponent = self._stores().get(code) if known is None else known
        if exponent is None:
            raise currency.fault("unknown_currency", _advice(code))
        return exponent

    def _stores(self) -> Mapping[str, int]:
        with self._lock:
            if self._told is None:
                body = self._client.get("/v2/currencies", {"page[limit]": "100"}).body
                self._told = {
                    one["code"].text().upper(): one["decimal_places"].value
                    for one in Node(body)["data"]
                    if _is_exponent(one["decimal_places"].value)
                }
            return self._told


def _is_exponent(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 6


def _advice(code: str) -> str:
    if len(code) == 3 and code.isascii() and code.isalpha():
        return (
            f"the store lists no currency {code}; add it to the store, or its number of decimals to"
            f" commerce.toml, under the store's [currencies]: {code} = 2"
        )
    return "is no ISO currency code"
