"""The official JSONata engine in a Node process beside ours, asked line by line."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.rig.environments import node_with

SCRIPT = Path(__file__).parent / "jsonata.mjs"


class JavaScript:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def answers(self) -> Any:
        return self._ask("answers")

    def round(self, seconds: float) -> tuple[int, float]:
        count, spent = self._ask(str(seconds))
        return count, spent

    def _ask(self, line: str) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("the Node process has no pipes")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def javascript(folder: Path, template: Path, documents: list[Any]) -> Iterator[JavaScript]:
    """Raises Missing where Node or the package cannot be had."""
    node = node_with(folder, "jsonata")
    script, inputs = folder / SCRIPT.name, folder / "documents.json"
    shutil.copy(SCRIPT, script)
    inputs.write_text(json.dumps(documents))
    command = [node, str(script), str(template), str(inputs)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield JavaScript(process)
        process.terminate()
