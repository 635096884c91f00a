"""Settings that are right one by one, and make no sense together."""

from pathlib import Path

import pytest
from settings_files import NAMESPACE, SMALLEST, faults, load

OTHER = SMALLEST.replace("main", "other").replace(NAMESPACE, NAMESPACE.replace("0f", "1f"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            SMALLEST + '[stores.main.identity]\nguest = "browser"',
            ["stores.main.identity.guest: 'browser' needs anonymous_id_field, else no guest has an id;"],
        ),
        (
            SMALLEST + '[stores.main.identity]\nguest = "email"',
            ["stores.main.identity.link: with guest = 'email' a guest has a userId,"],
        ),
        (
            SMALLEST
            + 'people = ["customers", "account_members"]\n[stores.main.identity]\nprefer = ["customer"]',
            ["stores.main.people: 'account_members' is synced, but identity.prefer lacks 'account_member'"],
        ),
        (
            SMALLEST + '[destinations.segment]\nneeds_consent = ["ads"]',
            ["stores.main.consent.field: is required, since destinations.segment.needs_consent asks"],
        ),
        (
            SMALLEST + '[stores.main.consent]\ndefault = "none"',
            ["stores.main.consent.default: 'none' without consent.field would hold everything back"],
        ),
        (
            SMALLEST
            + OTHER
            + '[stores.other.identity]\nguest = "email"\nlink = "none"\nprefer = ["customer", "account"]\n',
            [
                "stores.other.identity.prefer: differs from stores.main.identity.prefer, and both",
                "stores.other.identity.guest: differs from stores.main.identity.guest, and both",
            ],
        ),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, text: str, told: list[str]) -> None:
    lines = faults(tmp_path, text)

    assert [line.startswith(start) for line, start in zip(lines, told, strict=True)] == [True] * len(told)


@pytest.mark.parametrize(
    "text",
    [
        SMALLEST + '[stores.main.identity]\nguest = "browser"\nanonymous_id_field = "a.b"\n',
        SMALLEST + '[stores.main.identity]\nguest = "email"\nlink = "alias"\n',
        SMALLEST + OTHER,
        SMALLEST
        + OTHER
        + 'destinations = ["second"]\n[destinations.segment]\n[destinations.second]\n'
        + '[stores.other.identity]\nprefer = ["customer"]\n',
    ],
)
def test_what_fits_together_is_taken(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text)
