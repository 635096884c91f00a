"""A receiver of profiles behind Segment, as Customer.io is: who the messages make of the shoppers.

It reads messages in the order in which Segment took them. Only an identify or an alias joins ids; a track
belongs to its userId, else to its anonymousId, and joins nothing. What was joined stays joined, and a browser
that is one person's is never given to another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from commerce_events.sandbox.inbox import Taken

Json = dict[str, Any]
Id = tuple[str, str]  # ("user" | "anonymous", the id)


@dataclass(eq=False)
class Profile:
    """One person as the receiver sees them. A trait that is told replaces its value as a whole."""

    ids: set[Id] = field(default_factory=set)
    traits: Json = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)

    @property
    def users(self) -> set[str]:
        return {value for kind, value in self.ids if kind == "user"}

    def tracks(self, event: str) -> list[Json]:
        return [one for one in self.events if one["event"] == event]

    def absorb(self, other: "Profile") -> None:
        """The other one's past becomes this one's; what is known here already stands."""
        self.ids |= other.ids
        self.traits = {**other.traits, **self.traits}
        self.events += other.events


@dataclass
class Profiles:
    refused: list[tuple[Id, Id]] = field(default_factory=list)
    _by_id: dict[Id, Profile] = field(default_factory=dict)

    @classmethod
    def of(cls, received: Iterable[Taken]) -> "Profiles":
        profiles = cls()
        for one in received:
            profiles.take(one.message)
        return profiles

    def take(self, message: Json) -> None:
        user, anonymous = message.get("userId"), message.get("anonymousId")
        match message["type"]:
            case "identify":
                profile = self._of(user, anonymous)
                if user and anonymous:
                    self._join(("user", user), ("anonymous", anonymous))
                profile.traits |= message.get("traits", {})
            case "alias":
                previous = message["previousId"]
                known = ("user", previous) in self._by_id
                self._join(("user", user), ("user" if known else "anonymous", previous))
            case "track":
                self._of(user, anonymous).events.append(message)

    def all(self) -> list[Profile]:
        return list(dict.fromkeys(self._by_id.values()))

    def user(self, user_id: str) -> Profile:
        return self._by_id["user", user_id]

    def holding(self, order_id: str) -> list[Profile]:
        """Everybody to whom something of this order was told."""
        return [
            profile
            for profile in self.all()
            if any(one["properties"].get("order_id") == order_id for one in profile.events)
        ]

    def abandoned(self) -> list[tuple[Profile, Json]]:
        """Whom a campaign would remind of a checkout that, as far as it was told, they did not complete."""
        return [
            (profile, checkout)
            for profile in self.all()
            for checkout in profile.tracks("Checkout Started")
            if not any(_completes(order, checkout) for order in profile.tracks("Order Completed"))
        ]

    def _of(self, user: str | None, anonymous: str | None) -> Profile:
        name: Id = ("user", user) if user else ("anonymous", str(anonymous))
        return self._by_id.setdefault(name, Profile({name}))

    def _join(self, user: Id, other: Id) -> None:
        profile = self._by_id.setdefault(user, Profile({user}))
        found = self._by_id.setdefault(other, Profile({other}))
        if found is profile:
            return
        if found.users and other[0] == "anonymous":
            self.refused.append((user, other))
            return
        profile.absorb(found)
        for each in found.ids:
            self._by_id[each] = profile


def _completes(order: Json, checkout: Json) -> bool:
    """The same order; a browser may not know one yet, then any that came later."""
    started = checkout["properties"].get("order_id")
    if started is not None:
        return bool(order["properties"]["order_id"] == started)
    return bool(order["timestamp"] >= checkout["timestamp"])
