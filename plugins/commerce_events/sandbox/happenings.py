"""What a change in the store is called: the events that others can observe, each with its resource."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from commerce_events.sandbox.orders import Held
from commerce_events.sandbox.register import PersonRow
from commerce_events.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Happening:
    """`resource` is the document with `data`, or a bare `{type, id}` for what is gone."""

    trigger: str
    resource: Json


Watcher = Callable[[Happening], None]


def order_happenings(before: Held | None, after: Held) -> Iterator[Happening]:
    """One capture tells of the transaction, `order.paid` and `order.updated`."""
    resource = _order(after)
    if before is None:
        yield Happening("order.created", resource)
    else:
        known = {each.get("id"): each for each in before.transactions}
        yield from (
            Happening(f"transaction.{_what(known, each)}", {"data": each})
            for each in after.transactions
            if known.get(each.get("id")) != each
        )
        yield from (Happening(f"order.{end}", resource) for end in _reached(before.document, after.document))
        yield Happening("order.updated", resource)


def person_happenings(kind: str, before: PersonRow | None, after: PersonRow | None) -> Iterator[Happening]:
    """`kind` is customer or account-member."""
    if after is None:
        if before is not None:
            gone = {"type": kind.replace("-", "_"), "id": before.id}
            yield Happening(f"{kind}.deleted", gone)
    elif before is None or before.body != after.body:  # an address is a resource of its own
        yield Happening(f"{kind}.{'updated' if before else 'created'}", {"data": after.document()})


def _order(held: Held) -> Json:
    included = {"included": {"items": held.items}} if held.items else {}
    return {"data": held.document, **included}


def _what(known: dict[object, Json], transaction: Json) -> str:
    return "updated" if transaction.get("id") in known else "created"


def _reached(before: Json, after: Json) -> Iterator[str]:
    """A partial refund reaches nothing: only its transaction tells of it."""
    for name, ends in (
        ("payment", ("authorized", "paid", "refunded")),
        ("shipping", ("fulfilled",)),
        ("status", ("cancelled",)),
    ):
        if after.get(name) in ends and before.get(name) != after.get(name):
            yield str(after[name])
