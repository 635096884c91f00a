"""The hook for connections of type `elasticpath`."""

from dataclasses import dataclass, field

from airflow.sdk import Connection

from commerce_events.airflow.fields import base_url, number, required
from commerce_events.airflow.hooks.service import ServiceHook
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.sources.elasticpath import ElasticPathClient
from commerce_events.sources.elasticpath.pace import BRIEF, PATIENCE, Paced, Patience

REQUESTS_PER_SECOND = 10.0  # a tenth of what a production store allows: others need the store too


@dataclass(frozen=True, slots=True)
class ElasticPathSettings:
    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    requests_per_second: float
    webhook_secret: str | None = field(repr=False)
    webhook_secret_previous: str | None = field(repr=False)
    identity_key: bytes | None = field(repr=False)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Those that open the store's door: two, while one replaces the other."""
        return tuple(filter(None, (self.webhook_secret, self.webhook_secret_previous)))


class ElasticPathHook(ServiceHook):
    conn_name_attr = "elasticpath_conn_id"
    default_conn_name = "elasticpath_default"
    conn_type = "elasticpath"
    hook_name = "Elastic Path"

    def __init__(self, elasticpath_conn_id: str = default_conn_name) -> None:
        super().__init__(method="GET", http_conn_id=elasticpath_conn_id)

    def settings(self) -> ElasticPathSettings:
        """The connection's fields; ConfigurationError names the one that is wrong."""
        connection = self.get_connection(self.http_conn_id)
        return ElasticPathSettings(
            base_url=base_url(connection),
            client_id=required(connection, "login", "client id of an Elastic Path application key"),
            client_secret=required(connection, "password", "client secret of that application key"),
            requests_per_second=number(connection, "requests_per_second", REQUESTS_PER_SECOND),
            webhook_secret=_text(connection, "webhook_secret"),
            webhook_secret_previous=_text(connection, "webhook_secret_previous"),
            identity_key=str(connection.extra_dejson.get("identity_key") or "").encode() or None,
        )

    def client(self, patience: Patience = PATIENCE, pace: Paced | None = None) -> ElasticPathClient:
        """A client on a session of its own. It makes no request yet. `pace`: one that it shares."""
        settings = self.settings()
        return ElasticPathClient(
            self.get_conn(),
            settings.base_url,
            settings.client_id,
            settings.client_secret,
            connection=self.http_conn_id,
            requests_per_second=settings.requests_per_second,
            pace=pace,
            patience=patience,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Log in and read one order: what a key may do is known only by doing it."""
        try:
            self.client(BRIEF).get("/v2/orders", {"page[limit]": "1"})
        except CommerceEventsError as error:
            return False, str(error)
        return True, "Elastic Path accepts the client id and secret, and orders can be read."


def _text(connection: Connection, key: str) -> str | None:
    """A field of `extra` without surrounding blanks, which come along when a secret is pasted."""
    return str(connection.extra_dejson.get(key) or "").strip() or None
