"""One notice on the wire: as a webhook, or as a message in an SQS queue."""

import time
from dataclasses import dataclass

import orjson
import urllib3

from commerce_events.sandbox.happenings import Happening
from commerce_events.sandbox.integrations import Attempt
from commerce_events.sandbox.wire import JSON, Json

STORE_ID = "0f9c2d7e-5a64-4c07-8f6b-5d1a3c8e2b41"
ORG_ID = "3b1f5c90-2d7e-4b8a-9c64-7e0d5f2a1c38"
SOURCE = "https://sandbox.invalid"
MOST_MESSAGE_BYTES = 262_144  # of SQS; what does not fit loses its included resources
OUTSIDE_2XX = "Received a status code outside of 2xx range - treating webhook as a fail"


@dataclass(frozen=True, slots=True)
class Notice:
    """`job` stays over all attempts, whatever becomes of the id."""

    id: str
    job: str
    integration_id: str
    happening: Happening
    attempt: int = 1


class Postman:
    """Keeps connections open; threads may share one."""

    def __init__(self, senders: int) -> None:
        self._pool = urllib3.PoolManager(maxsize=senders, retries=False, block=False)

    def send(self, notice: Notice, integration: Json, patience: float) -> Attempt:
        kind, configuration = integration["integration_type"], integration["configuration"]
        if kind == "stomp":
            return Attempt(False, 0, "", 0.0, "the sandbox speaks no STOMP")
        head, body = (
            webhook(notice, integration) if kind == "webhook" else queued(notice, integration, configuration)
        )
        began = time.monotonic()
        try:
            answer = self._pool.request(
                "POST", configuration["url"], headers=head, body=body, timeout=patience, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            return Attempt(False, 0, "", time.monotonic() - began, type(error).__name__)
        taken = 200 <= answer.status < 300
        said = answer.data[:500].decode("utf-8", "replace")
        trouble = "" if taken else OUTSIDE_2XX
        return Attempt(taken, answer.status, said, time.monotonic() - began, trouble)

    def close(self) -> None:
        self._pool.clear()


def webhook(notice: Notice, integration: Json) -> tuple[dict[str, str], bytes]:
    """Headers and body. The secret is in both; the body has no time of its own."""
    happening, configuration = notice.happening, integration["configuration"]
    resource = happening.resource
    # Deprecated, and still there: the same as text, except where something was deleted.
    resources = orjson.dumps(resource).decode() if "data" in resource else resource
    body = {
        "id": notice.id,
        "triggered_by": happening.trigger,
        "attempt": notice.attempt,
        "integration": {
            "id": integration["id"],
            "integration_type": "webhook",
            "name": integration["name"],
            "description": integration["description"],
        },
        "resources": resources,
        "payload": resource,
        "configuration": configuration,
        "store_id": STORE_ID,
        "org_id": ORG_ID,
    }
    head = {"Content-Type": JSON, "X-MOLTIN-INTEGRATION-TRIGGER": happening.trigger}
    if configuration.get("secret_key"):
        head["X-MOLTIN-SECRET-KEY"] = configuration["secret_key"]
    return head, orjson.dumps(body)


def queued(notice: Notice, integration: Json, configuration: Json) -> tuple[dict[str, str], bytes]:
    """A CloudEvent, as the body of SQS's own request. Nothing is signed: this never speaks to AWS."""
    message = cloud_event(notice, str(integration["id"]))
    request: Json = {"QueueUrl": configuration["url"], "MessageBody": message.decode()}
    if configuration["url"].endswith(".fifo"):
        request |= {"MessageGroupId": integration["id"], "MessageDeduplicationId": notice.id}
    scope = f"{configuration['aws_access_key_id']}/20260101/{configuration['region']}/sqs/aws4_request"
    head = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AmazonSQS.SendMessage",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    return head, orjson.dumps(request)


def cloud_event(notice: Notice, integration_id: str) -> bytes:
    """Where the included resources of an order stand is documented nowhere; here it is beside its data."""
    resource = notice.happening.resource
    message = {
        "id": notice.id,
        "type": notice.happening.trigger,
        "source": SOURCE,
        "specversion": "1.0",
        "datacontenttype": JSON,
        "integrationid": integration_id,
        "storeid": STORE_ID,
        "data": resource.get("data", resource),
    }
    if "included" not in resource:
        return orjson.dumps(message)
    whole = orjson.dumps({**message, "included": resource["included"]})
    if len(whole) <= MOST_MESSAGE_BYTES:
        return whole
    return orjson.dumps({**message, "included": {"meta": {"includes_elided": True}}})
