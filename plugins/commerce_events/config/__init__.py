"""`commerce.toml`: what it may hold, and how it is read."""

from commerce_events.config.alerts import Alerts, Notify
from commerce_events.config.backfills import Backfills
from commerce_events.config.destinations import Destination, Health
from commerce_events.config.doors import Events, Queue
from commerce_events.config.people import Consent, Erasure, Identity, Traits
from commerce_events.config.retention import Retention
from commerce_events.config.settings import Settings, load_settings, settings_of
from commerce_events.config.stores import DEMO_NAMESPACE, Lines, Store
from commerce_events.config.trackings import Tracking, Trackings

__all__ = [
    "DEMO_NAMESPACE",
    "Alerts",
    "Backfills",
    "Consent",
    "Destination",
    "Erasure",
    "Events",
    "Health",
    "Identity",
    "Lines",
    "Notify",
    "Queue",
    "Retention",
    "Settings",
    "Store",
    "Tracking",
    "Trackings",
    "Traits",
    "load_settings",
    "settings_of",
]
