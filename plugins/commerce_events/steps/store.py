"""A store opened for work: its settings, its source, the ledger, and how its facts are rendered."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from commerce_events.config import Store
from commerce_events.domain.backfills import Backfill
from commerce_events.domain.deliveries import Door, Priority
from commerce_events.domain.states import Adoption, Policy
from commerce_events.ledger.ledger import Ledger
from commerce_events.sources.source import Source
from commerce_events.steps.render import Renderer


@dataclass(frozen=True, slots=True)
class OpenStore:
    """What a capture needs, built at the edge.

    `run` names the run in the facts it tells, `door` says through which one records are met; `backfill` is
    the one that asks, if one does.
    """

    settings: Store
    source: Source
    ledger: Ledger
    renderer: Renderer
    clock: Callable[[], datetime]
    run: str | None = None
    door: Door = Door.POLL
    backfill: Backfill | None = None
    adoption: Adoption | None = None

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def policy(self) -> Policy:
        """The rules that records are judged by."""
        live = self.backfill.live if self.backfill else None
        return replace(self.settings.lifecycle_policy(), live=live, adoption=self.adoption)

    @property
    def priority(self) -> Priority:
        """The past waits for the present."""
        return Priority.BACKFILL if self.door is Door.BACKFILL else Priority.LIVE
