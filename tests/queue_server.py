"""A real SQS-compatible server on loopback, and the queues in it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "eu-west-1"
KEYS = {"aws_access_key_id": "AKIDSANDBOX", "aws_secret_access_key": "sandbox"}


@dataclass(frozen=True)
class SqsServer:
    url: str

    def client(self) -> Any:
        return boto3.client("sqs", endpoint_url=self.url, region_name=REGION, **KEYS)

    def queue(self, *, fifo: bool = False, **attributes: str) -> str:
        """A new queue's URL."""
        name = f"events-{uuid4().hex}{'.fifo' if fifo else ''}"
        given = {**({"FifoQueue": "true"} if fifo else {}), **attributes}
        found: str = self.client().create_queue(QueueName=name, Attributes=given)["QueueUrl"]
        return found

    def put(self, queue: str, *bodies: str) -> None:
        for body in bodies:
            self.client().send_message(QueueUrl=queue, MessageBody=body)

    def left(self, queue: str) -> int:
        """How many messages are in the queue, received or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.client().get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)


@pytest.fixture(scope="session")
def sqs() -> Iterator[SqsServer]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield SqsServer(f"http://{host}:{port}")
    server.stop()
