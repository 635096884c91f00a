"""Deliver: send what the ledger owes, in order per person, and write down how each message ended."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from commerce_events.destinations.destination import Destination
from commerce_events.domain.deliveries import Priority
from commerce_events.domain.errors import AttentionError, ConfigurationError
from commerce_events.ledger.ledger import Ledger
from commerce_events.steps.clock import Clock
from commerce_events.steps.crew import Crew


def deliver(
    ledger: Ledger,
    destinations: Sequence[Destination],
    *,
    budget: timedelta,
    clock: Clock,
    down_to: Priority = Priority.BACKFILL,
) -> Counter[str]:
    """Send until nothing is due or the time is used up; what is left is the next run's.

    `down_to` says what is due: with LIVE, backfills are left to others.

    Safe to run again, and beside other deliveries. Raises ConfigurationError when a destination refuses
    its key, AttentionError when messages became dead letters; both only after all else was tried.
    """
    outcome: Counter[str] = Counter()
    refused: list[ConfigurationError] = []
    for destination in destinations:
        deadline = clock.passed() + budget.total_seconds() / len(destinations)
        crew = Crew(ledger, destination, clock, deadline, down_to)
        try:
            crew.run()
        except ConfigurationError as error:
            refused.append(error)
        outcome += crew.outcome
    if refused:
        raise refused[0]
    if outcome["dead"]:
        raise AttentionError(
            f"{outcome['dead']} messages became dead letters: `commerce-events replay --dry-run` lists them"
        )
    return outcome
