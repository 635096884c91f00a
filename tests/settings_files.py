"""Configuration files for tests: the smallest one, and what is answered to one with mistakes."""

from pathlib import Path

import pytest

from commerce_events.config import Settings, load_settings
from commerce_events.domain.errors import ConfigurationError

NAMESPACE = "0f6f6f0a-2f3a-4a51-8f0d-3c1b2a4d5e6f"
SMALLEST = f'[stores.main]\nnamespace = "{NAMESPACE}"\nstart = 2026-01-01T00:00:00Z\n'


def load(folder: Path, text: str) -> Settings:
    path = folder / "commerce.toml"
    path.write_text(text, "utf-8")
    return load_settings(path)


def faults(folder: Path, text: str) -> list[str]:
    """The error's lines without the file's name, which each of them must begin with."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    prefix = f"{folder / 'commerce.toml'}: "
    lines = str(caught.value).splitlines()
    assert all(line.startswith(prefix) for line in lines)
    return [line.removeprefix(prefix) for line in lines]
