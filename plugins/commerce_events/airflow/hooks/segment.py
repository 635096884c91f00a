"""The hook for connections of type `segment`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import Connection
from requests import RequestException, Response

from commerce_events.airflow.fields import base_url, mapping, mistake, number, required
from commerce_events.airflow.hooks.service import ServiceHook
from commerce_events.destinations.segment import SegmentClient
from commerce_events.domain.errors import CommerceEventsError

PATH = "/v1/batch"
EVENTS_PER_SECOND = 1000  # what Segment takes from a workspace without slowing it down


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    url: str
    write_key: str = field(repr=False)
    max_events_per_second: float
    integrations: Mapping[str, Any]


class SegmentHook(ServiceHook):
    conn_name_attr = "segment_conn_id"
    default_conn_name = "segment_default"
    conn_type = "segment"
    hook_name = "Segment"

    def __init__(self, segment_conn_id: str = default_conn_name) -> None:
        super().__init__(method="POST", http_conn_id=segment_conn_id)

    def settings(self) -> SegmentSettings:
        """The connection's fields; ConfigurationError names the one that is wrong."""
        connection = self.get_connection(self.http_conn_id)
        path = str(connection.extra_dejson.get("path") or PATH)
        return SegmentSettings(
            url=f"{base_url(connection)}/{path.lstrip('/')}",
            write_key=_write_key(connection),
            max_events_per_second=number(connection, "max_events_per_second", EVENTS_PER_SECOND),
            integrations=mapping(connection, "integrations"),
        )

    def client(self) -> SegmentClient:
        """A client on a session of its own. It makes no request yet."""
        settings = self.settings()
        return SegmentClient(
            self.get_conn(),
            settings.url,
            settings.write_key,
            connection=self.http_conn_id,
            integrations=settings.integrations,
        )

    def test_connection(self) -> tuple[bool, str]:
        """Post an empty batch, which makes no event. Only a malformed key can be found out that way."""
        try:
            settings = self.settings()
            with self.get_conn() as session:
                answer = session.post(settings.url, json={"batch": []}, auth=(settings.write_key, ""))
        except CommerceEventsError as error:
            return False, str(error)
        except RequestException as error:
            return False, f"Segment cannot be reached ({type(error).__name__})"
        return _verdict(answer)


def _write_key(connection: Connection) -> str:
    key = required(connection, "password", "write key of a Segment source")
    if not all("!" <= letter <= "~" and letter != ":" for letter in key):
        raise mistake(
            connection, "password", "is no write key; it must be letters and digits, without blanks"
        )
    return key


def _verdict(answer: Response) -> tuple[bool, str]:
    refused = answer.status_code in (401, 403) or "write key" in answer.text
    if refused:
        return False, "Segment refuses the write key: copy it again from the source's settings"
    if answer.status_code not in (200, 400):  # 400: it looked, and found nothing in the batch
        return False, f"Segment answered {answer.status_code}"
    return True, (
        "Segment can be reached. Whether the write key is right cannot be told from here: Segment answers "
        "200 to any well-formed key. Look for the first messages in the source's debugger."
    )
