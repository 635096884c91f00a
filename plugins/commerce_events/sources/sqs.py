"""An SQS queue, standard or FIFO. `client` is boto3's; only its own exceptions are imported here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from commerce_events.domain.errors import CommerceEventsError, ConfigurationError, TransientError
from commerce_events.sources.queue import Parcel

MOST = 10  # messages of one request, by SQS's own limit
LONGEST_WAIT = 20  # seconds, likewise


@dataclass(frozen=True, slots=True)
class SqsQueue:
    client: Any
    url: str
    connection: str

    def receive(self, wait: int) -> Sequence[Parcel]:
        """Waiting asks all of SQS's servers; without it some may be left out, and none means nothing."""
        seconds = max(1, min(wait, LONGEST_WAIT))
        answer = self._ask("receive_message", MaxNumberOfMessages=MOST, WaitTimeSeconds=seconds)
        return [
            Parcel(one["MessageId"], one["ReceiptHandle"], one["Body"].encode("utf-8", "surrogatepass"))
            for one in answer.get("Messages", ())
        ]

    def delete(self, parcels: Sequence[Parcel]) -> int:
        """At most `MOST`, which are as many as were received together."""
        entries = [{"Id": str(number), "ReceiptHandle": one.handle} for number, one in enumerate(parcels)]
        answer = self._ask("delete_message_batch", Entries=entries)
        return len(answer.get("Successful", ()))

    def _ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self.client, what)(QueueUrl=self.url, **arguments)
            return answer
        except (NoCredentialsError, NoRegionError) as error:
            raise ConfigurationError(
                f"queue of connection {self.connection}: {type(error).__name__}; the connection must have "
                "a key and a region, or the machine a role"
            ) from None
        except ClientError as error:
            raise self._meaning(error) from None
        except BotoCoreError as error:
            raise TransientError(f"SQS cannot be reached ({type(error).__name__})") from None

    def _meaning(self, error: ClientError) -> CommerceEventsError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= 500 or "Throttl" in code or code == "RequestThrottled":
            return TransientError(f"SQS answered {code}")
        return ConfigurationError(
            f"SQS answered {code}: check the queue's url in commerce.toml and what connection "
            f"{self.connection} may do; it needs sqs:ReceiveMessage and sqs:DeleteMessage"
        )
