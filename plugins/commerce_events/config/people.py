"""Sections about people: what they are called, what of them leaves, and when they are erased."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, StrictBool
from pydantic_core import PydanticCustomError

from commerce_events.config.section import DottedPath, Section, Text
from commerce_events.domain.identity import Guest, Link
from commerce_events.domain.traits import FILLED


def _is_free(name: str) -> str:
    if name in FILLED:
        raise PydanticCustomError(
            "filled_trait", "is filled by us; a field of the store's own needs another name"
        )
    return name


Field = Annotated[Text, AfterValidator(_is_free)]


class Identity(Section):
    """Whom a message is about. The fields are dotted paths into an order, and into a customer."""

    prefer: tuple[Literal["account_member", "customer", "account"], ...] = ("account_member", "customer")
    guest: Guest = "hash"
    link: Link = "identify"
    anonymous_id_field: DottedPath | None = None
    customer_anonymous_id_field: DottedPath | None = None


class Traits(Section):
    """What of a person may leave beside Segment's reserved traits. `custom` are fields of the store's own."""

    custom: tuple[Field, ...] = ()
    computed: StrictBool = False


class Consent(Section):
    """Where a record says what its person agreed to, and what its silence means.

    `category` is what a plain yes or no is about.
    """

    field: DottedPath | None = None
    category: Text = "marketing"
    default: Literal["unknown", "none"] = "unknown"

    def of(self, said: Mapping[str, bool] | None) -> Mapping[str, bool] | None:
        """By category. None: not known, which holds nothing back; empty: agreed to nothing."""
        return {} if said is None and self.default == "none" else said


class Erasure(Section):
    """When a person is erased without anybody asking, and what Segment is then told to do."""

    on_deleted: StrictBool = False
    on_anonymised: StrictBool = False
    regulation: Literal["SUPPRESS_WITH_DELETE", "SUPPRESS_ONLY", "DELETE_ONLY", "none"] = (
        "SUPPRESS_WITH_DELETE"
    )
    connection: Text = "segment_public_api_default"
