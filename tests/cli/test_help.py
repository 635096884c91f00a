"""What all commands have in common: help that is quick, and mistakes told in words."""

import subprocess
import sys

import pytest
from terminal import Terminal

COMMANDS = [
    "",
    "demo",
    "doctor",
    "erase",
    "ledger conflicts",
    "ledger migrate",
    "ledger status",
    "preview",
    "replay",
    "templates test",
    "webhooks register",
    "webhooks remove",
    "webhooks status",
]
ASK = """
import sys
from typer.testing import CliRunner
from commerce_events.cli import app
for command in sys.argv[1:]:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0 and "Usage:" in result.output, command
print(*sorted(name for name in sys.modules if name.partition(".")[0] == "airflow"))
"""


def test_help_loads_no_airflow() -> None:
    done = subprocess.run([sys.executable, "-c", ASK, *COMMANDS], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize("command", [["preview", "1"], ["templates", "test"]])
def test_a_broken_setting_is_a_message_and_no_traceback(terminal: Terminal, command: list[str]) -> None:
    terminal.settings("[stores.main]\nnamespace = 1\n[store]\n")

    result = terminal.run(*command)

    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "stores.main.namespace: must be a UUID in quotes" in result.output
    assert "store: unknown key, did you mean 'stores'?" in result.output
