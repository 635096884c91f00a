"""The ledger: one checked database, its parts named for what they are for."""

from sqlalchemy import Engine

from commerce_events.ledger.accounts import Accounts
from commerce_events.ledger.alerts import Alerts
from commerce_events.ledger.charter import Charter
from commerce_events.ledger.database import Database
from commerce_events.ledger.decisions import Decisions
from commerce_events.ledger.doors import Doors
from commerce_events.ledger.erasures import Erasures
from commerce_events.ledger.findings import Findings
from commerce_events.ledger.gate import Gate
from commerce_events.ledger.health import HealthRows
from commerce_events.ledger.inbox import Inbox
from commerce_events.ledger.inputs import Inputs
from commerce_events.ledger.lanes import Lanes
from commerce_events.ledger.lost import Lost
from commerce_events.ledger.outbox import Outbox
from commerce_events.ledger.people import People
from commerce_events.ledger.plans import Plans
from commerce_events.ledger.records import Records
from commerce_events.ledger.regulations import Regulations
from commerce_events.ledger.rejects import Rejects
from commerce_events.ledger.reopening import Reopening
from commerce_events.ledger.reports import Reports
from commerce_events.ledger.scans import Scans
from commerce_events.ledger.schema import require_current
from commerce_events.ledger.sent import Departures
from commerce_events.ledger.statistics import Statistics
from commerce_events.ledger.upkeep import Upkeep
from commerce_events.ledger.waiting import Waiting
from commerce_events.ledger.watching import Watching
from commerce_events.ledger.withdrawal import Withdrawal


class Ledger:
    """Every method of every part is one short transaction, safe to run again and beside others."""

    def __init__(self, engine: Engine, *, reads_only: bool = False) -> None:
        """Raise ConfigurationError unless the schema and the recipe of ids are this version's.

        `reads_only` is for commands that only look: opening the ledger writes nothing into it, nor can they.
        """
        require_current(engine)
        database = Database(engine, reads_only)
        self.engine = engine
        self.reads_only = reads_only
        self.charter = Charter(database, reads_only)
        self.scans = Scans(database)
        self.records = Records(database)
        self.people = People(database)
        self.erasures = Erasures(database)
        self.regulations = Regulations(database)
        self.rejects = Rejects(database)
        self.lanes = Lanes(database)
        self.gate = Gate(database)
        self.outbox = Outbox(database)
        self.waiting = Waiting(database)
        self.decisions = Decisions(database)
        self.alerts = Alerts(database)
        self.watching = Watching(database)
        self.upkeep = Upkeep(database)
        self.statistics = Statistics(database)
        self.health = HealthRows(database)
        self.inputs = Inputs(database)
        self.inbox = Inbox(database)
        self.reports = Reports(database)
        self.accounts = Accounts(database)
        self.plans = Plans(database)
        self.reopening = Reopening(database)
        self.withdrawal = Withdrawal(database)
        self.findings = Findings(database)
        self.departures = Departures(database)
        self.lost = Lost(database)
        self.doors = Doors(database)
        self.charter.accept_recipe()
