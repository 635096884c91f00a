"""Imports point downwards, and the rooms that know Airflow are few."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "plugins" / "commerce_events"


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """Import-linter in a process of its own, on the package below `root`."""
    command = (
        "import sys; sys.path.insert(0, 'plugins'); from importlinter.cli import lint_imports_command; "
        "lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(PACKAGE, tmp_path / "plugins" / "commerce_events")
    return tmp_path


def test_the_import_contracts_hold() -> None:
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("domain/money.py", "from commerce_events.config import Store", "imports point downwards"),
        ("ledger/gate.py", "from commerce_events.steps import capture", "imports point downwards"),
        ("steps/report.py", "from airflow.sdk import Variable", "only the rooms for it know Airflow"),
        ("web/door.py", "from airflow.sdk import Variable", "only the rooms for it know Airflow"),
        ("cli/demo.py", "from airflow.sdk import Variable", "the command reaches Airflow"),
        ("steps/report.py", "from commerce_events.sandbox import run", "nothing but the command imports"),
        ("sandbox/run.py", "from commerce_events.domain import money", "the sandbox shares no code"),
    ],
)
def test_an_import_against_the_arrows_is_found(copy: Path, module: str, line: str, broken: str) -> None:
    with (copy / "plugins" / "commerce_events" / module).open("a") as source:
        source.write(f"\n{line}\n")

    result = lint_imports(copy)

    assert result.returncode == 1, result.stdout
    assert any(broken in found and "BROKEN" in found for found in result.stdout.splitlines())


def foreign_imports(source: str) -> set[str]:
    """What a module imports besides the standard library and `commerce_events.domain`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return {
        name
        for name in names
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("commerce_events.domain")
    }


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=lambda path: path.name)
def test_the_domain_needs_the_standard_library_alone(path: Path) -> None:
    assert foreign_imports(path.read_text("utf-8")) == set()


def test_a_third_party_import_in_the_domain_is_found() -> None:
    assert foreign_imports("import json, orjson\nfrom sqlalchemy import text") == {"orjson", "sqlalchemy"}
