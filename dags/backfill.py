"""Tell the past: years of orders, planned, in windows, without delaying live messages. Started by hand.

`plan` cuts the span of the form into windows and writes the plan into the ledger; `approve` asks a person
where commerce.toml wants that for a plan of its size (*Browse > Required Actions*), and a no ends the run
before `begin`; `capture` reads each window into the ledger, as many at once as the pool `commerce_backfill`
has slots; `send` sends what the ledger owes, the live before the past; `verify` accounts for every record of
the span and names what is missing.

A second run does no harm: what was told is not told again. A window that was cut off goes on behind its last
page; a run that is cleared goes on with its own plan, and the form takes the id of any plan to go on with.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from commerce_events.airflow import backfill_run
from commerce_events.airflow.defaults import DEFAULTS
from commerce_events.airflow.pools import BACKFILL

A_DAY = timedelta(days=1)


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params=backfill_run.form(),
    tags=["commerce", "segment"],
    doc_md=__doc__,
)
def backfill() -> None:
    @task
    def plan() -> list[str]:
        return backfill_run.plan()

    @task
    def questions() -> list[str]:
        return backfill_run.questions()

    @task(trigger_rule="none_failed")  # where nobody had to be asked, `approve` is skipped
    def begin() -> dict[str, int]:
        return backfill_run.begin()

    @task(map_index_template="{{ window }}", pool=BACKFILL, execution_timeout=A_DAY)
    def capture(window: str) -> dict[str, int]:
        return backfill_run.capture(window)

    @task(retries=0, execution_timeout=A_DAY)  # what is left is sent by the syncs, in order
    def send() -> dict[str, int]:
        return backfill_run.send()

    @task(execution_timeout=A_DAY, trigger_rule="none_failed")  # of a dry run nothing is left but the plan
    def verify() -> dict[str, int]:
        return backfill_run.check()

    windows, asked = plan(), questions()
    approved, begun = backfill_run.approval(asked), begin()
    captured, sent = capture.expand(window=windows), send()
    windows >> asked
    approved >> begun >> captured >> sent
    [windows, asked, approved, begun, captured, sent] >> verify()


backfill()
