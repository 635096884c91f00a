"""`commerce.toml`, parsed once into typed, frozen values.

Every mistake in the file is reported at once, each with its key and what is allowed.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from commerce_events.config_errors import explain, nearest
from commerce_events.domain.errors import ConfigurationError
from commerce_events.domain.facts import Kind
from commerce_events.domain.identity import Guest, IdentityPolicy
from commerce_events.domain.lifecycle import Policy

# The namespace of the sandbox's store. Public, hence useless for a real store: `doctor` refuses it there.
DEMO_NAMESPACE = UUID("6f1b1d3e-5c0a-4f57-9a4e-d3f0c0ffee00")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
DottedPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Patterns = Annotated[tuple[Text, ...], BeforeValidator(lambda one: (one,) if isinstance(one, str) else one)]
Exponent = Annotated[StrictInt, Field(ge=0, le=6)]
Group = Literal[
    "status", "payment", "shipping", "lines", "money", "customer", "addresses", "references", "custom"
]
PAID = frozenset({"paid", "refunded", "partially_paid"})
AUTHORIZED = frozenset({"authorized", "partially_authorized"})


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tracking(Section):
    """What one lifecycle fact becomes: on or off, when, and through which template."""

    enabled: StrictBool = True
    trigger: str
    template: Text
    root: Literal["webhook", "payload", "data"] = "webhook"
    identity: Literal["policy", "template"] = "policy"

    @field_validator("template")
    @classmethod
    def _stays_in_its_folder(cls, value: str) -> str:
        if value.startswith("/") or ".." in value.split("/") or not value.endswith(".jsonata"):
            raise PydanticCustomError(
                "template_path", "must be a .jsonata file named relative to include/templates"
            )
        return value


class CheckoutStarted(Tracking):
    trigger: Literal["order.created", "order.authorized"] = "order.created"
    template: Text = "segment/elasticpath/checkout_started.jsonata"


class OrderCompleted(Tracking):
    trigger: Literal["order.paid", "order.fulfilled", "order.authorized"] = "order.paid"
    template: Text = "segment/elasticpath/order_completed.jsonata"


class OrderUpdated(Tracking):
    """`tell`: only changes no other fact explains, or all. `watch`: only these groups; none means every."""

    trigger: Literal["order.updated"] = "order.updated"
    template: Text = "segment/elasticpath/order_updated.jsonata"
    tell: Literal["unexplained", "all"] = "unexplained"
    watch: frozenset[Group] | None = None


class OrderRefunded(Tracking):
    trigger: Literal["order.refunded"] = "order.refunded"
    template: Text = "segment/elasticpath/order_refunded.jsonata"


class OrderCancelled(Tracking):
    trigger: Literal["order.cancelled"] = "order.cancelled"
    template: Text = "segment/elasticpath/order_cancelled.jsonata"


class Trackings(Section):
    """One field for each kind of fact, by its name."""

    checkout_started: CheckoutStarted = CheckoutStarted()
    order_completed: OrderCompleted = OrderCompleted()
    order_updated: OrderUpdated = OrderUpdated()
    order_refunded: OrderRefunded = OrderRefunded()
    order_cancelled: OrderCancelled = OrderCancelled()

    def of(self, kind: Kind) -> Tracking:
        tracking: Tracking = getattr(self, kind.value)
        return tracking

    def overridden_by(self, own: "Trackings") -> "Trackings":
        """These, with every key that `own` says explicitly put in its place."""
        said = {
            name: getattr(self, name).model_copy(update=getattr(own, name).model_dump(exclude_unset=True))
            for name in own.model_fields_set
        }
        return self.model_copy(update=said)


class Identity(Section):
    """Whom a message is about. `anonymous_id_field` is a dotted path into the order."""

    prefer: tuple[Literal["account_member", "customer", "account"], ...] = ("account_member", "customer")
    guest: Guest = "hash"
    anonymous_id_field: DottedPath | None = None


class Lines(Section):
    """SKU patterns (`*`, `?`, `[...]`) of lines that are not products."""

    shipping_skus: tuple[Text, ...] = ("__shipping_*",)
    tax_skus: tuple[Text, ...] = ()


class Store(Section):
    """One commerce account. `namespace` is part of every id and must never change."""

    kind: Literal["elasticpath"] = "elasticpath"
    connection: Text = "elasticpath_default"
    namespace: UUID
    start: AwareDatetime
    destinations: Annotated[tuple[Name, ...], Field(min_length=1)] = ("segment",)
    transactions: Literal["all", "refunded", "never"] = "all"
    partial_refunds: StrictBool = True
    zero_price_orders: StrictBool = True
    test_orders: StrictBool = False
    test_filter: dict[DottedPath, Patterns] = {}
    identity: Identity = Identity()
    lines: Lines = Lines()
    currencies: dict[CurrencyCode, Exponent] = {}
    trackings: Trackings = Trackings()
    _name: str = PrivateAttr("")

    @field_validator("namespace")
    @classmethod
    def _is_not_nil(cls, value: UUID) -> UUID:
        if not value.int:
            raise PydanticCustomError("nil_namespace", "must be a UUID of the store's own, not the nil UUID")
        return value

    @property
    def name(self) -> str:
        return self._name

    def tracking(self, kind: Kind) -> Tracking:
        return self.trackings.of(kind)

    def identity_policy(self) -> IdentityPolicy:
        return IdentityPolicy(prefer=self.identity.prefer, guest=self.identity.guest)

    def lifecycle_policy(self) -> Policy:
        updated = self.trackings.order_updated
        return Policy(
            start=self.start,
            checkout_trigger=self.trackings.checkout_started.trigger,
            completed_trigger=self.trackings.order_completed.trigger,
            disabled=frozenset(kind for kind in Kind if not self.tracking(kind).enabled),
            every_update=updated.tell == "all",
            watch=updated.watch,
            partial_refunds=self.partial_refunds,
            zero_price=self.zero_price_orders,
            test_orders=self.test_orders,
        )

    def payments_with_transactions(self) -> frozenset[str]:
        """The order's payment states in which its transactions are worth a request."""
        match self.transactions:
            case "never":
                return frozenset()
            case "refunded":
                return frozenset({"refunded"})
            case "all":
                triggers = {self.tracking(kind).trigger for kind in Kind}
                # Only a transaction tells when an order that is merely authorised became so.
                return PAID | AUTHORIZED if "order.authorized" in triggers else PAID


class Destination(Section):
    kind: Literal["segment"] = "segment"
    connection: Text = "segment_default"
    max_age_hours: Annotated[StrictInt, Field(ge=1)] = 72


class Health(Section):
    """When rows that wait for a person turn a task red, over 24 hours."""

    quarantine_share: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.01
    quarantine_rows: Annotated[StrictInt, Field(ge=1)] = 20
    lag_minutes: Annotated[StrictInt, Field(ge=1)] = 60


class Settings(Section):
    """The whole file. Stores carry their own trackings, already merged with the general ones."""

    stores: Annotated[dict[Name, Store], Field(min_length=1)]
    destinations: Annotated[dict[Name, Destination], Field(min_length=1)] = {"segment": Destination()}
    trackings: Trackings = Trackings()
    health: Health = Health()

    def templates(self) -> frozenset[str]:
        """Every template file that a store uses, as it is named in the file."""
        return frozenset(store.tracking(kind).template for store in self.stores.values() for kind in Kind)

    @model_validator(mode="after")
    def _names_fit(self) -> "Settings":
        faults = [*self._unknown_destinations(), *self._shared_namespaces()]
        if faults:
            raise PydanticCustomError("names", "{faults}", {"faults": "\n".join(faults)})
        return self

    def _unknown_destinations(self) -> list[str]:
        return [
            f"stores.{name}.destinations: unknown destination {wanted!r}{nearest(wanted, self.destinations)};"
            f" allowed: {', '.join(self.destinations)}"
            for name, store in self.stores.items()
            for wanted in store.destinations
            if wanted not in self.destinations
        ]

    def _shared_namespaces(self) -> list[str]:
        first: dict[UUID, str] = {}
        return [
            f"stores.{name}.namespace: is the same as stores.{owner}.namespace; every store needs its own"
            for name, store in self.stores.items()
            if (owner := first.setdefault(store.namespace, name)) != name
        ]


def load_settings(path: Path) -> Settings:
    """Read and check the file. Raises ConfigurationError naming the file and every mistake in it."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from error
    try:
        return settings_of(raw)
    except ValidationError as error:
        # Not chained: pydantic's own text quotes the values, and a pasted secret may be among them.
        raise ConfigurationError("\n".join(f"{path}: {line}" for line in explain(error, Settings))) from None


def settings_of(raw: Mapping[str, Any]) -> Settings:
    """Check a parsed file; raises pydantic's ValidationError."""
    settings = Settings.model_validate(raw)
    stores = {name: _settled(name, store, settings.trackings) for name, store in settings.stores.items()}
    return settings.model_copy(update={"stores": stores})


def _settled(name: str, store: Store, general: Trackings) -> Store:
    """The store, knowing its name and its effective trackings."""
    settled = store.model_copy(update={"trackings": general.overridden_by(store.trackings)})
    settled._name = name
    return settled
