"""Peers are installed by name into folders of their own, which go away with the run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


class Missing(Exception):
    """A peer cannot be had here; the reason is printed instead of its row."""


def python_with(folder: Path, *packages: str) -> Path:
    """A Python of ours with these packages and nothing else."""
    uv = shutil.which("uv")
    python = folder / "bin" / "python"
    if uv:
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *packages)
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", *packages)
    return python


def node_with(folder: Path, *packages: str) -> str:
    """Node, with these packages in the folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise Missing("there is no Node here")
    folder.mkdir(parents=True, exist_ok=True)
    _run(npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *packages)
    return node


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=600, env=_environment())
    except (subprocess.SubprocessError, OSError) as error:
        said = getattr(error, "stderr", b"") or b""
        words = said.decode(errors="replace").strip().splitlines() or [type(error).__name__]
        raise Missing(f"{Path(command[0]).name} could not install it: {words[-1][:200]}") from None


def _environment() -> dict[str, str]:
    """Without our own folders: peers must not find our packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
