"""dlt with a destination of its own, which posts what it is handed."""

import json
import resource
import sys
import tempfile
import time

import dlt
import requests

path, url, _ = sys.argv[1:]
session = requests.Session()
session.auth = ("sandbox-write-key", "")


@dlt.destination(batch_size=400, naming_convention="direct", max_table_nesting=0)
def segment(items, table):
    answer = session.post(f"{url}/v1/batch", data=json.dumps({"batch": items}, default=str), timeout=60)
    answer.raise_for_status()


@dlt.resource(table_name="messages", max_table_nesting=0)
def messages():
    with open(path) as lines:
        for line in lines:
            yield json.loads(line)


def spent():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


with tempfile.TemporaryDirectory() as folder:
    wall, cpu = time.perf_counter(), spent()
    pipeline = dlt.pipeline("messages", destination=segment, pipelines_dir=folder)
    pipeline.run(messages())
    print(json.dumps({"cpu": spent() - cpu, "wall": time.perf_counter() - wall}))
