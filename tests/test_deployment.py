"""The files that others install and deploy from."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from commerce_events.airflow.pools import BACKFILL, COMMAND, MAKE

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.txt", "requirements-dev.txt")
COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
SECRET = re.compile(r"\$\{(\w*(?:KEY|SECRET|PASSWORD)\w*)([^}]*)\}")


def pins(name: str) -> dict[str, set[str]]:
    """The versions that a requirements file allows, by package; some differ with the Python."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line and not line.startswith(" "):
            package, version = line.split(" ")[0].split("==")
            found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_requirements_name_no_registry_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")

    assert not re.findall(r"://|^-|[@]|(?:^|\s)\.{0,2}/", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_its_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text("utf-8"))

    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_what_the_project_asks_for_is_pinned_within_what_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [Requirement(one) for one in project["project"]["dependencies"]]

    for name in LOCKS:
        pinned = pins(name)
        outside = [
            str(one)
            for one in wanted
            if not all(map(one.specifier.contains, pinned.get(canonicalize_name(one.name), {"0"})))
        ]
        assert outside == [], name


def test_tests_run_on_the_versions_that_are_deployed() -> None:
    deployed, tested = pins("requirements.txt"), pins("requirements-dev.txt")

    assert {name for name, version in deployed.items() if tested.get(name) != version} == set()


def test_the_image_holds_what_airflow_looks_for_in_its_own_folders() -> None:
    """The package is installed; DAGs, settings and the plugin that mounts the door are found by folder."""
    image = (ROOT / "Dockerfile").read_text("utf-8")
    copied = re.findall(r"^COPY --chown=airflow (\S+) /opt/airflow/(\S+)", image, re.MULTILINE)
    plugins = {f"plugins/{each.name}" for each in (ROOT / "plugins").glob("*.py")}

    assert plugins
    assert {("dags", "dags"), ("include", "include")} | {(each, "plugins/") for each in plugins} <= set(
        copied
    )


def test_compose_has_no_default_for_a_secret() -> None:
    found = dict(SECRET.findall(COMPOSE))

    assert found
    assert {name for name, rest in found.items() if not rest.startswith(":?")} == set()


def test_every_secret_of_compose_is_explained() -> None:
    guide = (ROOT / "docs/docker.md").read_text("utf-8")

    assert {name for name, _ in SECRET.findall(COMPOSE) if f"`{name}`" not in guide} == set()


@pytest.mark.parametrize("name", ["README.md", "docs/backfills.md"])
def test_who_sets_it_up_is_told_how_the_pool_is_made(name: str) -> None:
    assert COMMAND in (ROOT / name).read_text("utf-8")


def test_compose_makes_the_pool_and_leaves_one_that_is_there_alone() -> None:
    [command] = yaml.safe_load(COMPOSE)["services"]["migrate"]["command"]

    assert f" && {{ airflow pools get {BACKFILL} || {COMMAND}; }} && " in command


def test_the_command_that_a_person_is_told_is_the_one_we_use() -> None:
    assert shlex.split(COMMAND) == ["airflow", *MAKE]


def test_compose_runs_all_of_airflow() -> None:
    services = yaml.safe_load(COMPOSE)["services"]

    commands = {service["command"][0] for service in services.values() if service.get("command")}
    assert {"api-server", "scheduler", "dag-processor", "triggerer"} <= commands
