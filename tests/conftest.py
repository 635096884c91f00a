"""What every test may ask for, and an Airflow home of its own before anything imports Airflow."""

import atexit
import os
import shutil
import tempfile

# The person's own Airflow is left alone: neither its database nor a connection of it is used by any test.
for name in [one for one in os.environ if one.startswith(("AIRFLOW", "_AIRFLOW"))]:
    del os.environ[name]
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] = "False"
atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)

pytest_plugins = ["databases", "pipeline"]
