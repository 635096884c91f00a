"""The hook for connections of type `segment_public_api`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow.sdk import Connection

from commerce_events.airflow.fields import base_url, mistake, required
from commerce_events.airflow.hooks.service import ServiceHook
from commerce_events.destinations.segment_public_api import PAUSES, SegmentPublicApi
from commerce_events.domain.errors import CommerceEventsError

IN_THE_US = "https://api.segmentapis.com"
BRIEF = (1.0,)  # where a person waits for the answer


@dataclass(frozen=True, slots=True)
class SegmentPublicApiSettings:
    base_url: str
    token: str = field(repr=False)


class SegmentPublicApiHook(ServiceHook):
    conn_name_attr = "segment_public_api_conn_id"
    default_conn_name = "segment_public_api_default"
    conn_type = "segment_public_api"
    hook_name = "Segment Public API"

    def __init__(self, segment_public_api_conn_id: str = default_conn_name) -> None:
        super().__init__(method="GET", http_conn_id=segment_public_api_conn_id)

    def settings(self) -> SegmentPublicApiSettings:
        """The connection's fields; ConfigurationError names the one that is wrong."""
        connection = self.get_connection(self.http_conn_id)
        return SegmentPublicApiSettings(base_url=_url(connection), token=_token(connection))

    def client(self, pauses: Sequence[float] = PAUSES) -> SegmentPublicApi:
        """A client on a session of its own. It makes no request yet."""
        settings = self.settings()
        return SegmentPublicApi(
            self.get_conn(), settings.base_url, settings.token, connection=self.http_conn_id, pauses=pauses
        )

    def test_connection(self) -> tuple[bool, str]:
        """Ask for an echo, which changes nothing."""
        try:
            self.client(BRIEF).echo()
        except CommerceEventsError as error:
            return False, str(error)
        return (
            True,
            "Segment's Public API accepts the token. Whether it may file regulations shows only then.",
        )

    def _set_base_url(self, connection: Connection) -> None:
        self.base_url = _url(connection)
        self._base_url_initialized = True


def _url(connection: Connection) -> str:
    """An empty host is the one in the US; the EU's must be given."""
    return base_url(connection) if connection.host else IN_THE_US


def _token(connection: Connection) -> str:
    token = required(connection, "password", "token of Segment's Public API")
    if not all("!" <= sign <= "~" for sign in token):
        raise mistake(connection, "password", "is no token; it must be letters and digits, without blanks")
    return token
