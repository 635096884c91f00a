"""The process of its own in which templates are rendered that may run, or grow, without end.

`python -m commerce_events.templates.confined` with a socket as standard input. A request is
`[name, source, microseconds, document]`, an answer `[result, null]` or `[null, what is wrong]`.
"""

import os
import resource
import signal
import socket
import sys
from functools import lru_cache

import orjson

from commerce_events.domain.errors import CommerceEventsError
from commerce_events.domain.moments import moment
from commerce_events.templates.frames import Gone, receive, send
from commerce_events.templates.reference_engine import ReferenceTemplate


def main() -> None:
    memory, cpu_seconds = map(int, sys.argv[1:3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    with socket.socket(fileno=os.dup(0)) as connection:
        try:
            send(connection, b"ready")
            while True:
                request = receive(connection)
                _allow(cpu_seconds)
                send(connection, answer(request))
        except Gone:
            return


def answer(request: bytes) -> bytes:
    try:
        return orjson.dumps([_rendered(request), None])
    except CommerceEventsError as error:
        return orjson.dumps([None, str(error)])


def _rendered(request: bytes) -> object:
    name, source, micros, document = orjson.loads(request)
    return _template(name, source).evaluate(document, moment(micros))


@lru_cache(maxsize=64)
def _template(name: str, source: str) -> ReferenceTemplate:
    return ReferenceTemplate(name, source)


def _allow(cpu_seconds: int) -> None:
    """From here on; the limit itself counts from the process's start."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds, hard))


if __name__ == "__main__":
    main()
