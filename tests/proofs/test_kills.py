"""A process killed at any moment loses nothing, and what is sent twice has the same bytes."""

from random import Random

import pytest
from proofs.books import check_arrivals, check_books, known, told
from proofs.workers import KILLED, Executioner, Moment
from sqlalchemy import select

from commerce_events.domain.moments import micros
from commerce_events.ledger.scans import OVERLAP
from commerce_events.ledger.tables import scan

# Between two runs, as seen by the next one: beyond the lease that a dead worker leaves behind.
PAUSE = 400.0
MOST_KILLS = 5  # of one step


def moment(dice, stand_in, most_requests):
    """Mostly around a request, some within the database's work behind it, some before any request."""
    offset = dice.choice((0.0, 0.0, dice.uniform(0, 0.01), dice.uniform(0, 0.06)))
    latest = dice.choice((30.0, 30.0, 30.0, dice.uniform(0.0, 0.3)))
    return Moment(stand_in, dice.randint(1, most_requests), offset, latest, lost=dice.random() < 0.5)


def kill_until_done(line, workers, dice, after_each):
    """Kill a step and run it again, until it ended by itself: first capture, then deliver behind a capture.

    Returns how many runs were killed.
    """
    executioner = Executioner(line)
    kills = 0
    for steps, stand_in, most_requests in ((("capture",), "shop", 14), (("run",), "segment", 5)):
        for allowed in reversed(range(MOST_KILLS + 1)):
            process = workers.start(line, *steps, ahead=PAUSE * kills)
            if allowed:
                executioner.kill(process, moment(dice, stand_in, most_requests))
            ended = workers.wait(process)
            after_each()
            line.shop.advance(1_000)
            if ended != KILLED:
                assert ended == 0
                break
            kills += 1
    return kills


def scans_of(ledger):
    with ledger.engine.connect() as connection:
        return connection.execute(select(scan).order_by(scan.c.id)).all()


class WatchedScans:
    """Holds after every death: a scan keeps its first beginning, and the watermark stands where it must."""

    def __init__(self, line):
        self.line = line
        self.began = {}

    def check(self):
        scans = scans_of(self.line.ledger)
        for one in scans:
            if one.began_at is not None:
                assert self.began.setdefault(one.id, one.began_at) == one.began_at
        done = [one for one in scans if one.done_at is not None]
        assert len(scans) - len(done) <= 1
        watermark = self.line.ledger.scans.watermark("main", "orders")
        if done:
            assert micros(watermark) == max(one.began_at for one in done) - OVERLAP.total_seconds() * 1e6
        elif watermark is not None:
            assert watermark == self.line.settings.stores["main"].start


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_run_is_finished_by_the_next_and_nothing_is_lost(busy_line, undisturbed, workers, seed):
    expected = undisturbed(busy_line)
    watched = WatchedScans(busy_line)

    def after_each():
        check_books(busy_line.ledger)
        watched.check()

    kills = kill_until_done(busy_line, workers, Random(seed), after_each)

    assert kills >= 3
    assert busy_line.segment.unique() == expected.segment.unique()
    assert told(busy_line.ledger) == told(expected.ledger)
    assert known(busy_line.ledger) == known(expected.ledger)
    check_arrivals(busy_line)
