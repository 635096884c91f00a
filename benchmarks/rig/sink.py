"""A receiver in a process of its own: it answers 200, at once or after a while, and counts what arrived.

What came is unpacked only when someone asks for the count, so that counting slows nobody down.
"""

import gzip
import json
import sys
import time
from contextlib import AbstractContextManager

import requests

from benchmarks.rig.served import Served, ok, running


def sink(delay: float) -> AbstractContextManager[str]:
    """Its address, while it runs. `delay` in seconds comes before each answer."""
    return running([sys.executable, "-m", __name__, str(delay)])


def arrived(url: str) -> int:
    """Different messages since the last time this was asked."""
    return int(requests.get(f"{url}/arrived", timeout=600).text)


class Sink(Served):
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._bodies: list[bytes] = []

    def answer(self, method: str, target: str, body: bytes) -> bytes:
        if target == "/arrived":
            return ok(str(self._count()).encode())
        time.sleep(self._delay)
        self._bodies.append(body)
        return ok(b'{"success":true}')

    def _count(self) -> int:
        bodies, self._bodies = self._bodies, []
        return len({name for body in bodies for name in _ids(body)})


def _ids(body: bytes) -> list[str]:
    packed = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    return [message["messageId"] for message in json.loads(packed)["batch"]]


if __name__ == "__main__":
    Sink(float(sys.argv[1])).serve()
