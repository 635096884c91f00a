"""The configuration file: what it means, and what a mistake in it is answered with."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from commerce_events.config import DEMO_NAMESPACE, Settings, load_settings
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind

SHIPPED = Path(__file__).parents[1] / "include" / "commerce.toml"
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


def test_the_shipped_file_fits_the_sandbox() -> None:
    store = load_settings(SHIPPED).stores["main"]

    assert (store.name, store.namespace) == ("main", DEMO_NAMESPACE)
    assert store.start == datetime(2023, 1, 1, tzinfo=UTC)
    assert store.identity.anonymous_id_field == "custom_attributes.session_id"


def test_every_key_the_shipped_file_comments_out_shows_its_default(tmp_path: Path) -> None:
    commented = re.compile(r"^# ((?!XYZ|watch)[a-z_]+ = .*)$", re.MULTILINE)

    text, count = commented.subn(r"\1", SHIPPED.read_text("utf-8"))

    assert count > 12
    assert load(tmp_path, text) == load_settings(SHIPPED)


def test_a_small_file_suffices(tmp_path: Path) -> None:
    store = load(tmp_path, SMALLEST).stores["main"]
    policy = store.lifecycle_policy()

    assert store.destinations == ("segment",)
    assert store.namespace == UUID(NAMESPACE)
    assert (policy.checkout_trigger, policy.completed_trigger) == ("order.created", "order.paid")
    assert policy.disabled == frozenset()
    assert store.identity_policy().prefer == ("account_member", "customer")
    assert all(store.tracking(kind).template.endswith(f"{kind.value}.jsonata") for kind in Kind)


def test_a_store_overrides_single_keys_of_a_tracking(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        SMALLEST
        + '[stores.main.trackings.order_completed]\ntrigger = "order.fulfilled"\n'
        + '[trackings.order_completed]\nroot = "data"\n[trackings.order_cancelled]\nenabled = false\n',
    )
    store = settings.stores["main"]

    assert store.tracking(Kind.ORDER_COMPLETED).trigger == "order.fulfilled"
    assert store.tracking(Kind.ORDER_COMPLETED).root == "data"
    assert settings.trackings.order_completed.trigger == "order.paid"
    assert store.lifecycle_policy().disabled == frozenset({Kind.ORDER_CANCELLED})


def test_transactions_of_authorised_orders_are_read_only_where_a_trigger_needs_them(tmp_path: Path) -> None:
    trigger = '[trackings.checkout_started]\ntrigger = "order.authorized"\n'

    paid = load(tmp_path, SMALLEST).stores["main"].payments_with_transactions()
    authorised = load(tmp_path, SMALLEST + trigger).stores["main"].payments_with_transactions()

    assert paid == {"paid", "refunded", "partially_paid"}
    assert authorised == paid | {"authorized", "partially_authorized"}


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    lines = faults(
        tmp_path,
        """
        [stores.main]
        namespace = "abc"
        start = 2026-01-01T00:00:00
        destinatons = ["segment"]
        transactions = "some"
        partial_refunds = "yes"
        currencies = { usd = 2 }
        [trackings.order_completed]
        trigger = "order.pid"
        [trackings.order_updated]
        watch = ["lins"]
        [trackings.order_complete]
        [health]
        lag_minutes = 0
        """,
    )

    said = dict(line.split(": ", 1) for line in lines)
    assert said["stores.main.namespace"].startswith("must be a UUID")
    assert said["stores.main.start"] == "needs an offset, as in 2026-01-01T00:00:00Z"
    assert said["stores.main.destinatons"].startswith("unknown key, did you mean 'destinations'? (allowed in")
    assert said["stores.main.transactions"] == "allowed: 'all', 'refunded' or 'never'"
    assert said["stores.main.partial_refunds"] == "must be true or false"
    assert said["stores.main.currencies.usd"].startswith("must be an ISO currency code")
    assert said["trackings.order_completed.trigger"].startswith("allowed: 'order.paid', 'order.fulfilled'")
    assert said["trackings.order_updated.watch.0"].startswith("allowed: 'status'")
    assert said["trackings.order_complete"].startswith("unknown key, did you mean 'order_completed'?")
    assert said["health.lag_minutes"].endswith("greater than or equal to 1")
    assert len(lines) == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "stores: is required"),
        ("[stores]\n", "stores: dictionary should have at least 1 item"),
        ("stores = 3", "stores: must be a section with keys of its own"),
        ("[stores.main]\nstart = 2026-01-01T00:00:00Z", "stores.main.namespace: is required"),
        (SMALLEST.replace("2026-01-01T00:00:00Z", "2026-01-01"), "stores.main.start: needs an offset"),
        (
            SMALLEST.replace(NAMESPACE, str(UUID(int=0))),
            "stores.main.namespace: must be a UUID of the store's",
        ),
        (SMALLEST.replace("stores.main", 'stores."My Shop"'), "stores.My Shop: names are a-z"),
        (SMALLEST + "destinations = []", "stores.main.destinations: "),
        (
            SMALLEST + 'destinations = ["segmnt"]',
            "stores.main.destinations: unknown destination 'segmnt', did",
        ),
        (
            SMALLEST + SMALLEST.replace("main", "b"),
            "stores.b.namespace: is the same as stores.main.namespace",
        ),
        (
            SMALLEST + '[trackings.order_refunded]\ntemplate = "../x.jsonata"',
            "trackings.order_refunded.template",
        ),
        (
            SMALLEST + '[stores.main.test_filter]\n"a..b" = "x"',
            'stores.main.test_filter."a..b": must be a dotted',
        ),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, text: str, told: str) -> None:
    assert any(line.startswith(told) for line in faults(tmp_path, text))


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in faults(tmp_path, "[health]\nlag_minutes = \n")[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere.toml: cannot be read \(No such file"):
        load_settings(tmp_path / "nowhere.toml")


def test_a_secret_pasted_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    text = SMALLEST + 'partial_refunds = "hunter2"\nclient_secret = "hunter2"\ntransactions = "hunter2"\n'

    assert "hunter2" not in "\n".join(faults(tmp_path, text))
