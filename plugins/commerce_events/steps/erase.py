"""Erase: everything about one person leaves the ledger, and nothing about them is sent again."""

from collections import Counter

from commerce_events.steps.store import OpenStore


def erase_person(store: OpenStore, who: str, *, regulate: bool = True) -> Counter[str]:
    """Returns what was removed, in rows. Safe to repeat; a later sync, backfill or webhook adds nothing.

    `who` is the person's userId, or a guest's anonymousId: Segment erases by userId only, so that a guest
    is erased here and kept from being sent, and no regulation is asked for.
    """
    wanted = regulate and store.settings.erasure.regulation != "none"
    return store.ledger.erasures.erase(store.name, who, store.renderer.key, store.clock(), regulate=wanted)
