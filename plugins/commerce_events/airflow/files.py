"""Where `include/` is: what the deployment says, else beside the package, else beside Airflow's own files."""

from pathlib import Path

from commerce_events.domain.errors import ConfigurationError

SETTING = "AIRFLOW__COMMERCE_EVENTS__INCLUDE"  # or `include` in section [commerce_events] of airflow.cfg
SETTINGS_FILE = "commerce.toml"


GOLDEN = Path("tests/templates/golden")


def golden_folder() -> Path | None:
    """The golden cases that stand in the repository beside `include/`; a deployment may go without."""
    folder = include_folder().parent / GOLDEN
    return folder if folder.is_dir() else None


def shadow_folder(named: str) -> Path:
    """Where a shadow destination writes; a relative path begins in AIRFLOW_HOME."""
    from airflow.configuration import get_airflow_home

    return Path(get_airflow_home()) / Path(named).expanduser()


def include_folder() -> Path:
    """The folder with commerce.toml, templates and contracts; ConfigurationError says where it was sought."""
    # Imported here: Airflow takes seconds to load, and who needs only the names above must not wait for it.
    from airflow.configuration import conf, get_airflow_home

    named = conf.get("commerce_events", "include", fallback=None)
    if named:
        candidates = [Path(named)]
    else:
        repository = Path(__file__).resolve().parents[3]
        candidates = [repository / "include", Path(get_airflow_home()) / "include"]
    for folder in candidates:
        if (folder / SETTINGS_FILE).is_file():
            return folder
    sought = " nor ".join(str(folder / SETTINGS_FILE) for folder in candidates)
    raise ConfigurationError(f"There is no {sought}; set {SETTING} to the folder that holds {SETTINGS_FILE}")
