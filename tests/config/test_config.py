"""The configuration file: what it means, and what a mistake in it is answered with."""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from settings_files import NAMESPACE, SMALLEST, faults, load

from commerce_events.config import DEMO_NAMESPACE, Consent, load_settings
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.templates.engine import Service

SHIPPED = Path(__file__).parents[2] / "include" / "commerce.toml"


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


def test_people_are_synced_told_and_forgotten_as_the_file_says(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        SMALLEST
        + 'people = ["account_members", "customers", "customers"]\n'
        + '[stores.main.identity]\nlink = "alias"\n'
        + '[stores.main.traits]\ncustom = ["loyalty_tier", "phone"]\ncomputed = true\n'
        + '[stores.main.consent]\nfield = "custom_attributes.marketing"\n'
        + '[stores.main.erasure]\non_deleted = true\nregulation = "SUPPRESS_ONLY"\n'
        + '[destinations.segment]\nneeds_consent = ["marketing"]\nallow_commands = ["User Deleted"]\n'
        + '[trackings.customer_updated]\ntrigger = "customer.deleted"\n',
    )
    store, destination = settings.stores["main"], settings.destinations["segment"]

    assert store.people == ("account_members", "customers")
    assert store.identity_policy().link == "alias"
    assert store.lifecycle_policy().customer_trigger == "customer.deleted"
    assert (store.traits.custom, store.traits.computed) == (("loyalty_tier", "phone"), True)
    assert (store.consent.field, store.consent.category) == ("custom_attributes.marketing", "marketing")
    assert (store.erasure.on_deleted, store.erasure.on_anonymised) == (True, False)
    assert (store.erasure.regulation, store.erasure.connection) == (
        "SUPPRESS_ONLY",
        "segment_public_api_default",
    )
    assert (destination.needs_consent, destination.allow_commands) == (("marketing",), ("User Deleted",))


def test_nobody_need_be_synced(tmp_path: Path) -> None:
    assert load(tmp_path, SMALLEST + "people = []\n").stores["main"].people == ()


@pytest.mark.parametrize(
    ("default", "said", "means"),
    [
        ("unknown", None, None),
        ("none", None, {}),
        ("unknown", {}, {}),
        ("none", {"marketing": True}, {"marketing": True}),
    ],
)
def test_silence_about_consent_means_what_the_file_says(
    default: str, said: dict[str, bool] | None, means: dict[str, bool] | None
) -> None:
    assert Consent.model_validate({"field": "a.b", "default": default}).of(said) == means


@pytest.mark.parametrize(
    "said", ["2026", '"2026"', "20261101", '" 1767225600 "', "1767225600.5", "2026-01-01"]
)
def test_a_start_that_is_a_number_or_a_day_is_no_time(tmp_path: Path, said: str) -> None:
    """2026 would be half an hour past midnight in 1970, and every order ever be told as live."""
    namespace = "0f2c6a53-8a2b-4c63-b0a8-5a8f0c1d2e3f"

    (fault,) = faults(tmp_path, f'[stores.main]\nnamespace = "{namespace}"\nstart = {said}\n')

    assert re.search("time with an offset|needs an offset", fault), fault


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
        [stores.main.erasure]
        regulation = "DELETE"
        [stores.main.traits]
        custom = ["email", "loyalty_tier", "total_orders", "external_ref"]
        [stores.main.identity]
        link = "merge"
        [stores.main.consent]
        feild = "a"
        [destinations.segment]
        needs_consent = "marketing"
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
    assert said["stores.main.erasure.regulation"].startswith("allowed: 'SUPPRESS_WITH_DELETE'")
    assert said["stores.main.traits.custom.0"].startswith("is filled by us; a field of the store's own")
    assert said["stores.main.traits.custom.2"].startswith("is filled by us")
    assert said["stores.main.identity.link"] == "allowed: 'identify', 'alias' or 'none'"
    assert said["stores.main.consent.feild"].startswith("unknown key, did you mean 'field'?")
    assert said["destinations.segment.needs_consent"] == 'must be a list, as in ["a", "b"]'
    assert len(lines) == 16


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
            SMALLEST + 'people = ["customer"]',
            "stores.main.people.0: allowed: 'customers' or 'account_members'",
        ),
        (SMALLEST + 'people = "customers"', "stores.main.people: must be a list"),
        (
            SMALLEST + '[trackings.customer_created]\ntrigger = "customer.updated"',
            "trackings.customer_created.trigger: allowed: 'customer.created'",
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


def test_a_template_with_two_users_is_served_as_both_ask(tmp_path: Path) -> None:
    shared = 'template = "segment/own.jsonata"\n'
    settings = load(
        tmp_path,
        SMALLEST
        + f'[trackings.order_completed]\n{shared}engine = "reference"\n'
        + f"[trackings.order_updated]\n{shared}check_every = 10\n"
        + "[stores.main.trackings.order_cancelled]\ncheck_every = 1\n",
    )

    served = settings.templates()

    assert served["segment/own.jsonata"] == Service("reference", 10)
    assert served["segment/elasticpath/order_cancelled.jsonata"] == Service("auto", 1)
    assert served["segment/elasticpath/checkout_started.jsonata"] == Service("auto", 1_000)


@pytest.mark.parametrize(
    ("key", "value"), [("engine", '"fast"'), ("check_every", "0"), ("check_every", '"all"')]
)
def test_an_engine_that_is_none_is_refused(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"trackings\.order_completed\.{key}"):
        load(tmp_path, SMALLEST + f"[trackings.order_completed]\n{key} = {value}\n")


def test_presets_of_the_files_own_stand_beside_those_that_are_always_there(tmp_path: Path) -> None:
    settings = load(tmp_path, SMALLEST + "[integrations.analytics]\nAll = false\nMixpanel = true\n")

    assert settings.integrations == {
        "quiet": {"All": False},
        "everything": {},
        "analytics": {"All": False, "Mixpanel": True},
    }


def test_a_preset_is_made_of_switches(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, SMALLEST + '[integrations.quiet]\nAll = "no"\n')

    assert "integrations.quiet.All: must be true or false" in fault


def test_a_shadow_writes_files_or_sends_to_a_source_of_its_own(tmp_path: Path) -> None:
    shadow = SMALLEST + '[destinations.segment]\n[destinations.shadow]\nkind = "shadow"\n'

    files = load(tmp_path, shadow + 'folder = "shadow"').destinations["shadow"]
    source = load(tmp_path, shadow + 'connection = "segment_test"').destinations["shadow"]

    assert (files.is_shadow, files.folder, source.folder) == (True, "shadow", None)
    needs = (
        "destinations.shadow: a shadow needs either a folder for its files or the connection of a test source"
    )
    assert faults(tmp_path, shadow) == [needs]
    assert faults(tmp_path, shadow + 'folder = "a"\nconnection = "b"') == [needs]
    assert faults(tmp_path, SMALLEST + '[destinations.segment]\nfolder = "a"') == [
        "destinations.segment: only a shadow writes files: kind = 'shadow'"
    ]
