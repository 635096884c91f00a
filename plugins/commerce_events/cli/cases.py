"""Where golden cases are looked for."""

from pathlib import Path
from typing import Annotated

import typer

from commerce_events.domain.errors import ConfigurationError

CASES = Path("tests/templates/golden")
REPOSITORY = Path(__file__).resolve().parents[3]

CasesFolder = Annotated[
    Path | None,
    typer.Option(
        "--folder", help=f"where the golden cases are; without it {CASES}, here or in the repository"
    ),
]


def cases_folder(given: Path | None) -> Path:
    candidates = [given] if given else [CASES, REPOSITORY / CASES]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise ConfigurationError(f"there is no folder {candidates[0]}: name the golden cases' with --folder")
