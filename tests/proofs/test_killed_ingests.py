"""A hint ends only after its record was recorded, whenever the process that works on it is killed."""

from random import Random

import pytest
from hinting import hinting
from proofs.books import check_arrivals, check_books, told
from proofs.workers import KILLED, Executioner, Moment
from sqlalchemy import select

from commerce_events.ledger.tables import inbox, record

ORDERS = 24
MOST_KILLS = 6
PAUSE = 400.0  # beyond the lease that a dead worker leaves behind


def ended_too_early(ledger) -> list[str]:
    """Hints that count as captured although nothing so late is recorded of what they are about."""
    same = (inbox.c.stream == record.c.stream) & (inbox.c.record_id == record.c.record_id)
    late = record.c.source_updated_at.is_(None) | (record.c.source_updated_at < inbox.c.source_at)
    early = select(inbox.c.event_id).join(record, same, isouter=True)
    with ledger.engine.connect() as connection:
        return list(connection.scalars(early.where(inbox.c.outcome == "captured", late)))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_ingest_is_finished_by_the_next_and_no_hint_is_lost(ledger, workers, undisturbed, seed):
    dice = Random(seed)
    with hinting(ledger) as shop:
        line = shop.line
        for _ in range(ORDERS):
            line.shop.pay(line.shop.place_order(buyer="guest"))
        shop.arrive()
        line.parcel = 5
        expected = undisturbed(line)
        executioner, kills = Executioner(line), 0

        for allowed in reversed(range(MOST_KILLS + 1)):
            process = workers.start(line, "ingest", ahead=PAUSE * kills)
            if allowed:
                offset = dice.choice((0.0, dice.uniform(0, 0.02), dice.uniform(0, 0.08)))
                stand_in = dice.choice(("shop", "shop", "segment"))
                executioner.kill(process, Moment(stand_in, dice.randint(1, 30), offset, 10.0))
            ended = workers.wait(process)
            assert ended_too_early(ledger) == []
            check_books(ledger)
            if ended != KILLED:
                break
            kills += 1

        line.clock.sleep(PAUSE * (kills + 1))
        line.ingest()
        assert kills
        assert set(shop.fates()) <= {"captured", "known"}
        assert told(ledger) == told(expected.ledger)
        check_arrivals(line)
