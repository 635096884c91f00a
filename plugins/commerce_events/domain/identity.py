"""Whom a message is about: one policy per store, applied to every message.

Internal ids come first; an e-mail address is a trait, and an id only where somebody chose so.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal
from unicodedata import normalize

from commerce_events.domain.records import Buyer, Record

Guest = Literal["hash", "browser", "email"]


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """`prefer` orders the internal ids; `guest` says what a person without one is called.

    hash: the browser's id, else a keyed hash of the e-mail address, as anonymousId.
    browser: the browser's id or nothing. email: the address itself, as userId.
    """

    prefer: tuple[Literal["account_member", "customer", "account"], ...] = ("account_member", "customer")
    guest: Guest = "hash"


@dataclass(frozen=True, slots=True)
class Identity:
    user_id: str | None = None
    anonymous_id: str | None = None

    @property
    def person(self) -> str | None:
        """What keeps one person's messages in one lane."""
        return self.user_id or self.anonymous_id


def identify(record: Record, policy: IdentityPolicy, key: bytes) -> Identity:
    """The ids a record's messages carry. Empty only for a guest without e-mail address and browser id."""
    order = record.order
    if order.anonymised:  # nothing may point at the person, not even an internal id
        return Identity(anonymous_id=keyed_hash(key, "order", record.id))
    user_id = _internal_id(order.buyer, policy)
    if user_id is not None:
        return Identity(user_id, order.buyer.anonymous_id)
    return _guest(order.buyer, policy, key)


def _internal_id(buyer: Buyer, policy: IdentityPolicy) -> str | None:
    ids = {
        "account_member": buyer.account_member_id,
        "customer": buyer.customer_id,
        "account": buyer.account_id,
    }
    return next((ids[name] for name in policy.prefer if ids[name]), None)


def _guest(buyer: Buyer, policy: IdentityPolicy, key: bytes) -> Identity:
    email = normal_email(buyer.email)
    if policy.guest == "email" and email:
        return Identity(email, buyer.anonymous_id)
    if buyer.anonymous_id or policy.guest == "browser" or not email:
        return Identity(None, buyer.anonymous_id)
    return Identity(None, keyed_hash(key, "email", email))


def normal_email(email: str | None) -> str | None:
    """One spelling for one address: trimmed, lower case, composed characters."""
    return normalize("NFC", email.strip()).casefold() or None if email else None


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """A stable id that cannot be turned back into its value without the key."""
    return hmac.new(key, f"{kind}\x1f{value}".encode(), sha256).hexdigest()[:32]
