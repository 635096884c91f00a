"""Trackings: what each lifecycle fact becomes."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, field_validator
from pydantic_core import PydanticCustomError

from commerce_events.config.section import Section, Text
from commerce_events.domain.facts import Kind
from commerce_events.templates.engine import Choice, Service

Group = Literal[
    "status", "payment", "shipping", "lines", "money", "customer", "addresses", "references", "custom"
]


class Tracking(Section):
    """What one lifecycle fact becomes: on or off, when, and through which template."""

    enabled: StrictBool = True
    trigger: str
    template: Text
    root: Literal["webhook", "payload", "data"] = "webhook"
    identity: Literal["policy", "template"] = "policy"
    engine: Choice = "auto"
    check_every: Annotated[StrictInt, Field(ge=1)] = 1_000

    def service(self) -> Service:
        return Service(self.engine, self.check_every)

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


class CustomerCreated(Tracking):
    trigger: Literal["customer.created"] = "customer.created"
    template: Text = "segment/elasticpath/customer_created.jsonata"


class CustomerUpdated(Tracking):
    trigger: Literal["customer.updated", "customer.deleted"] = "customer.updated"
    template: Text = "segment/elasticpath/customer_updated.jsonata"


class Trackings(Section):
    """One field for each kind of fact, by its name."""

    customer_created: CustomerCreated = CustomerCreated()
    customer_updated: CustomerUpdated = CustomerUpdated()
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
