"""Airflow runs every file of a plugins folder under its bare name; ours is spared that."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"

LOAD = """
import importlib.util, json, sys
from airflow import plugins_manager

_, errors = plugins_manager._get_plugins()
files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
bare = [name for name, file in files.items() if file.startswith(sys.argv[1])]
package = importlib.util.find_spec("commerce_events").origin
print(json.dumps({
    "bare": [name for name in bare if not name.startswith("commerce_events.")],
    "errors": errors,
    "package": package,
}))
"""


def load(plugins: Path, home: Path) -> dict[str, object]:
    """Let a fresh Airflow load the folder; which of its files ended up under a name of their own?"""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(plugins),
    }
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(plugins)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLUGINS, tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__")))


def test_airflow_loads_our_folder_without_running_the_package_file_by_file(
    plugins: Path, tmp_path: Path
) -> None:
    found = load(plugins, tmp_path / "home")

    assert set(found["bare"]) <= {"commerce_events", "commerce_events_plugin"}  # type: ignore[call-overload]
    assert found["errors"] == {}
    assert found["package"] == str(plugins / "commerce_events" / "__init__.py")


def test_without_the_ignore_file_it_would_run_all_of_it(plugins: Path, tmp_path: Path) -> None:
    (plugins / ".airflowignore").unlink()
    (plugins / "commerce_events" / "__main__.py").unlink()  # run like that, it would end Airflow at once

    found = load(plugins, tmp_path / "home")

    assert {"ledger", "segment", "settings"} <= set(found["bare"])  # type: ignore[call-overload]
