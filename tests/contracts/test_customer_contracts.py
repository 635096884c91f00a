"""The contracts of messages about people, and of what must never look like an event."""

from pathlib import Path
from typing import Any

import pytest

from commerce_events.contracts.contracts import Contracts
from commerce_events.contracts.violations import Violation
from commerce_events.domain.errors import ConfigurationError

FOLDER = Path(__file__).parents[2] / "include/contracts/segment"
CONTRACTS = Contracts.load(FOLDER)
ADDRESSED = {"messageId": "m1", "timestamp": "2026-03-01T12:30:15.250Z", "userId": "u1"}
COMMANDS = ["User Deleted", "User Suppressed", "Object Deleted", "Relationship Deleted", "Device Deleted"]


def identify(**traits: Any) -> dict[str, Any]:
    return {"type": "identify", **ADDRESSED, "traits": traits}


def track(event: str) -> dict[str, Any]:
    return {"type": "track", **ADDRESSED, "event": event, "properties": {}}


def alias(**given: Any) -> dict[str, Any]:
    return {"type": "alias", **ADDRESSED, "previousId": "guest-1", **given}


def broken(told: dict[str, Any], contracts: Contracts = CONTRACTS) -> tuple[str, str] | None:
    found = contracts.violation(told)
    return (found.reason, found.path) if found else None


@pytest.mark.parametrize(
    "traits",
    [
        {},
        {"email": "jane@example.com", "name": "Zoë", "createdAt": "2026-01-01T00:00:00+02:00"},
        {"email": "7kq2x9@privaterelay.appleid.com"},
        {"email": "jane+tag@mail.shop.example", "phone": "+44 20 7946 0000"},
        {"total_orders": 0, "total_spent": {"EUR": 12.5}, "loyalty_tier": "gold", "opted_out": False},
        {"address": {"street": "1 High St", "city": "Leeds", "postalCode": "LS1", "country": "GB"}},
    ],
)
def test_a_good_identify_keeps_its_contract(traits: dict[str, Any]) -> None:
    assert CONTRACTS.violation(identify(**traits)) is None


@pytest.mark.parametrize(
    ("traits", "reason", "path"),
    [
        ({"email": "jane"}, "contract:pattern", "$.traits.email"),
        ({"email": "jane@"}, "contract:pattern", "$.traits.email"),
        ({"email": "jane@example"}, "contract:pattern", "$.traits.email"),
        ({"email": "jane doe@example.com"}, "contract:pattern", "$.traits.email"),
        ({"email": "a@b@example.com"}, "contract:pattern", "$.traits.email"),
        ({"email": ""}, "contract:pattern", "$.traits.email"),
        ({"email": None}, "contract:type", "$.traits.email"),
        ({"email": 5}, "contract:type", "$.traits.email"),
        ({"name": None}, "contract:not", "$.traits.name"),
        ({"loyalty_tier": None}, "contract:not", "$.traits.loyalty_tier"),
        ({"createdAt": "2026-01-01T00:00:00"}, "contract:pattern", "$.traits.createdAt"),
        ({"createdAt": "2026-01-01"}, "contract:pattern", "$.traits.createdAt"),
        ({"createdAt": 1772368215}, "contract:type", "$.traits.createdAt"),
        ({"address": "1 High St"}, "contract:type", "$.traits.address"),
        ({"address": {"city": None}}, "contract:type", "$.traits.address.city"),
    ],
)
def test_a_trait_is_what_receivers_take_it_for(traits: dict[str, Any], reason: str, path: str) -> None:
    assert broken(identify(**traits)) == (reason, path)


@pytest.mark.parametrize("traits", [None, [], "x"])
def test_traits_are_an_object(traits: Any) -> None:
    assert broken({**identify(), "traits": traits}) == ("contract:type", "$.traits")


def test_an_order_is_not_held_back_by_an_odd_address_in_its_context() -> None:
    assert broken({**track("Something Happened"), "context": {"traits": {"email": "jane"}}}) is None


@pytest.mark.parametrize("told", [identify(), track("Something Happened"), alias()])
@pytest.mark.parametrize(
    ("consent", "reason", "path"),
    [
        ({"categoryPreferences": {"marketing": True, "ads": False}}, None, ""),
        ({"categoryPreferences": {}}, None, ""),
        ({}, "contract:required", "$.context.consent.categoryPreferences"),
        (None, "contract:type", "$.context.consent"),
        ({"categoryPreferences": ["ads"]}, "contract:type", "$.context.consent.categoryPreferences"),
        ({"categoryPreferences": {"ads": 1}}, "contract:type", "$.context.consent.categoryPreferences.ads"),
    ],
)
def test_consent_is_yes_or_no_by_category(
    told: dict[str, Any], consent: Any, reason: str | None, path: str
) -> None:
    expected = (reason, path) if reason else None

    assert broken({**told, "context": {"consent": consent}}) == expected


@pytest.mark.parametrize("missing", ["previousId", "userId", "messageId", "timestamp"])
def test_an_alias_names_both(missing: str) -> None:
    told = {key: value for key, value in alias().items() if key != missing}

    assert CONTRACTS.violation(alias()) is None
    assert broken(told) == ("contract:required", f"$.{missing}")
    assert broken(alias(previousId=" ")) == ("contract:pattern", "$.previousId")


@pytest.mark.parametrize("event", COMMANDS)
def test_an_event_that_is_a_command_is_refused(event: str) -> None:
    found = CONTRACTS.violation(track(event))

    assert found == Violation(
        "contract:not",
        "$.event",
        "is a command to receivers, which would act on it; see allow_commands in commerce.toml",
    )


def test_a_command_may_leave_where_it_is_meant() -> None:
    contracts = Contracts.load(FOLDER, ["User Deleted"])

    assert broken(track("User Deleted"), contracts) is None
    assert broken(track("User Suppressed"), contracts) == ("contract:not", "$.event")
    assert broken(track("User Deleted")) == ("contract:not", "$.event")


def test_all_commands_may_leave() -> None:
    everything = [*COMMANDS, "User Unsuppressed", "Device Created or Updated"]

    assert broken(track("User Deleted"), Contracts.load(FOLDER, everything)) is None


def test_a_slip_of_the_pen_allows_nothing() -> None:
    with pytest.raises(ConfigurationError, match=r"allow_commands: .*'User Deletd'; it refuses User Del"):
        Contracts.load(FOLDER, ["User Deletd"])
