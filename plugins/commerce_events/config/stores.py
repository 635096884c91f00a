"""One store: where it is read, what it is called, and the rules for its records."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    StrictBool,
    StrictInt,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

from commerce_events.config.doors import Events, Queue
from commerce_events.config.people import Consent, Erasure, Identity, Traits
from commerce_events.config.section import DottedPath, Moment, Name, Patterns, Section, Text
from commerce_events.config.trackings import Tracking, Trackings
from commerce_events.domain.facts import Kind
from commerce_events.domain.identity import IdentityPolicy
from commerce_events.domain.states import Policy
from commerce_events.templates.engine import Service

# The namespace of the sandbox's store. Public, hence useless for a real store: `doctor` refuses it there.
DEMO_NAMESPACE = UUID("6f1b1d3e-5c0a-4f57-9a4e-d3f0c0ffee00")

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Exponent = Annotated[StrictInt, Field(ge=0, le=6)]
PeopleStream = Literal["customers", "account_members"]
PAID = frozenset({"paid", "refunded", "partially_paid"})
AUTHORIZED = frozenset({"authorized", "partially_authorized"})


def _each_once(streams: tuple[PeopleStream, ...]) -> tuple[PeopleStream, ...]:
    return tuple(dict.fromkeys(streams))


class Lines(Section):
    """SKU patterns (`*`, `?`, `[...]`) of lines that are not products."""

    shipping_skus: tuple[Text, ...] = ("__shipping_*",)
    tax_skus: tuple[Text, ...] = ()


class Store(Section):
    """One commerce account. `namespace` is part of every id and must never change."""

    kind: Literal["elasticpath"] = "elasticpath"
    connection: Text = "elasticpath_default"
    namespace: UUID
    start: Moment
    destinations: Annotated[tuple[Name, ...], Field(min_length=1)] = ("segment",)
    people: Annotated[tuple[PeopleStream, ...], AfterValidator(_each_once)] = ("customers",)
    transactions: Literal["all", "refunded", "never"] = "all"
    partial_refunds: StrictBool = True
    refund_days: Annotated[StrictInt, Field(ge=0, le=365)] = 60
    refund_cycle_days: Annotated[StrictInt, Field(ge=1, le=60)] = 7
    zero_price_orders: StrictBool = True
    test_orders: StrictBool = False
    test_filter: dict[DottedPath, Patterns] = Field(default_factory=dict)
    identity: Identity = Identity()
    traits: Traits = Traits()
    consent: Consent = Consent()
    erasure: Erasure = Erasure()
    lines: Lines = Lines()
    events: Events = Events()
    queue: Queue | None = None
    currencies: dict[CurrencyCode, Exponent] = Field(default_factory=dict)
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

    def templates(self) -> dict[str, Service]:
        """Every template file it uses, and how each is to be served."""
        services: dict[str, Service] = {}
        for kind in Kind:
            tracking = self.tracking(kind)
            own = tracking.service()
            services[tracking.template] = services.get(tracking.template, own) & own
        return services

    def identity_policy(self) -> IdentityPolicy:
        identity = self.identity
        return IdentityPolicy(prefer=identity.prefer, guest=identity.guest, link=identity.link)

    def lifecycle_policy(self) -> Policy:
        updated = self.trackings.order_updated
        return Policy(
            start=self.start,
            checkout_trigger=self.trackings.checkout_started.trigger,
            completed_trigger=self.trackings.order_completed.trigger,
            customer_trigger=self.trackings.customer_updated.trigger,
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
