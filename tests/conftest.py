"""What every test may ask for, and an Airflow home of its own before anything imports Airflow."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# The person's own Airflow is left alone: neither its database nor a connection of it is used by any test.
for name in [one for one in os.environ if one.startswith(("AIRFLOW", "_AIRFLOW"))]:
    del os.environ[name]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
for folder in ("dags", "plugins"):
    os.environ[f"AIRFLOW__CORE__{folder.upper()}_FOLDER"] = str(Path(__file__).parents[1] / folder)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] = "False"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)

pytest_plugins = ["airflow_runs", "databases", "pipeline", "queue_server"]
