"""The stock Airflow operator: one message a task, each in a process of its own that ends as Airflow ends it.

Provider 3.10 calls a method that its hook does not have, so the operator as it is sends nothing at all. What
is measured is the call it means to make, on the client that its hook hands out. Airflow's own share is left
out: it starts a task in seconds.
"""

import atexit
import json
import os
import resource
import sys
import time

path, url, _ = sys.argv[1:]
os.environ["AIRFLOW_CONN_SEGMENT_DEFAULT"] = json.dumps(
    {"conn_type": "segment", "extra": {"write_key": "sandbox-write-key"}}
)

import segment.analytics as analytics  # noqa: E402
from airflow.providers.segment.hooks.segment import SegmentHook  # noqa: E402

with open(path) as lines:
    messages = [json.loads(line) for line in lines]
analytics.host = url  # the operator has no setting for it


def task(message):
    client = SegmentHook("segment_default").get_conn()
    client.track(user_id=message["userId"], event=message["event"], properties=message["properties"])


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


wall = time.perf_counter()
for message in messages:
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    atexit._clear()  # these three lines are how Airflow's task runner begins and ends
    task(message)
    atexit._run_exitfuncs()
    os._exit(0)
print(json.dumps({"cpu": spent(), "wall": time.perf_counter() - wall}))
