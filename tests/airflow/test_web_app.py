"""The door lives in Airflow's API server, which holds a million objects that are none of its business."""

import subprocess
import sys
from pathlib import Path

PLUGINS = Path(__file__).parents[2] / "plugins"

KNOCK = """
import gc
from starlette.testclient import TestClient
from commerce_events.airflow.web_app import app

status = TestClient(app).post("/webhooks/elasticpath/main").status_code
gc.collect()
print(status, gc.get_freeze_count(), len(gc.get_objects()))
"""


def test_no_request_waits_until_all_that_airflow_holds_was_looked_through(tmp_path: Path) -> None:
    """A process of its own: what is left out of a collector's sight stays so."""
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__COMMERCE_EVENTS__INCLUDE": str(PLUGINS.parent / "include"),
        "AIRFLOW_CONN_ELASTICPATH_DEFAULT": '{"conn_type": "elasticpath", "host": "https://store.example.com",'
        ' "login": "id", "password": "secret"}',
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(PLUGINS),
    }

    done = subprocess.run(
        [sys.executable, "-c", KNOCK], env=environment, capture_output=True, text=True, check=True
    )

    status, left_out, looked_through = map(int, done.stdout.split()[-3:])
    assert status == 401
    assert looked_through < left_out / 4
