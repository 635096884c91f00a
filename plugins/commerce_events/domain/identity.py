"""Whom a message is about: one policy per store, applied to every message.

Internal ids come first; an e-mail address is a trait, and an id only where somebody chose so.
"""

import hmac
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from commerce_events.domain.ids import is_keepable
from commerce_events.domain.records import Buyer, Customer, Profile, Record

# Which stream holds the people of each kind.
PEOPLE = {"account_member": "account_members", "customer": "customers"}

Guest = Literal["hash", "browser", "email"]
Link = Literal["identify", "alias", "none"]


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """`prefer` orders the internal ids; `guest` says what a person without one is called.

    hash: the browser's id, else a keyed hash of the e-mail address, as anonymousId.
    browser: the browser's id or nothing. email: the address itself, as userId.
    `link` says how a guest is joined to the customer who later has the same address: by an identify with
    both ids, by an alias call, or not at all.
    """

    prefer: tuple[Literal["account_member", "customer", "account"], ...] = ("account_member", "customer")
    guest: Guest = "hash"
    link: Link = "identify"


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
    if record.subject.anonymised:  # nothing may point at the person, not even an internal id
        return Identity(anonymous_id=keyed_hash(key, "order", record.id))
    if isinstance(record.subject, Customer):
        linked = guest_id(record.subject.email, policy, key) if policy.link == "identify" else None
        return Identity(record.id, record.subject.anonymous_id or linked)
    if isinstance(record.subject, Profile):
        return Identity(record.id)
    buyer = record.subject.buyer
    user_id = internal_id(buyer, policy)
    if user_id is not None:
        return Identity(user_id, buyer.anonymous_id)
    return _guest(buyer, policy, key)


def guest_id(email: str | None, policy: IdentityPolicy, key: bytes) -> str | None:
    """What a guest with this address is called, if guests are called by their address at all."""
    address = normal_email(email)
    return keyed_hash(key, "email", address) if address and policy.guest == "hash" else None


def introduced_by(buyer: Buyer, policy: IdentityPolicy) -> tuple[str, str] | None:
    """The stream and record that say who a buyer is; None for guests and for mere accounts."""
    for name in policy.prefer:
        found = {"account_member": buyer.account_member_id, "customer": buyer.customer_id}.get(name)
        if found:
            return PEOPLE[name], found
        if name == "account" and buyer.account_id:
            return None
    return None


def internal_id(buyer: Buyer, policy: IdentityPolicy) -> str | None:
    ids = {
        "account_member": buyer.account_member_id,
        "customer": buyer.customer_id,
        "account": buyer.account_id,
    }
    return next((ids[name] for name in policy.prefer if ids[name]), None)


def _guest(buyer: Buyer, policy: IdentityPolicy, key: bytes) -> Identity:
    email = normal_email(buyer.email)
    if policy.guest == "email" and email and is_keepable(email):
        return Identity(email, buyer.anonymous_id)
    return Identity(None, buyer.anonymous_id or guest_id(buyer.email, policy, key))


def normal_email(email: str | None) -> str | None:
    """One spelling for one address: trimmed, lower case, composed characters."""
    if not email:
        return None
    return (email.strip().lower() if email.isascii() else normalize("NFC", email.strip()).casefold()) or None


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """A stable id that cannot be turned back into its value without the key."""
    return hmac.digest(key, f"{kind}\x1f{value}".encode(), "sha256").hex()[:32]
