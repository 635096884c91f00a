"""segment-analytics-python: as its README has it, or with the best settings we found."""

import gc
import json
import sys
import time
from datetime import datetime

from segment.analytics.client import Client

path, url, how = sys.argv[1:]
with open(path) as lines:
    messages = [json.loads(line) for line in lines]
gc.freeze()  # what is only held for the benchmark is not the sender's to look through
# Not several threads: 2.4.0 waits for one of them only.
best = {"gzip": True, "max_queue_size": len(messages), "upload_size": 400} if how == "best" else {}
client = Client("sandbox-write-key", host=url, on_error=lambda error, batch: None, **best)

wall, cpu = time.perf_counter(), time.process_time()
for each in messages:
    client.track(
        user_id=each["userId"],
        event=each["event"],
        properties=each["properties"],
        context=each["context"],
        timestamp=datetime.fromisoformat(each["timestamp"]),
        message_id=each["messageId"],
    )
client.flush()
client.join()
print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}))
