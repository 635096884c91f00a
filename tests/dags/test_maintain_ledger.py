"""The nightly DAG from end to end, on SQLite and on Postgres."""

from airflow_runs import run_dag

from commerce_events.sandbox.run import Sandbox


def test_a_night_s_work_is_done_and_counted(deployment: Sandbox) -> None:
    run = run_dag("maintain_ledger")

    assert run.state == "success"
    assert run.tasks == {"retain": "success", "regulate": "success", "alert": "success"}
    assert run.xcom["retain.return_value"]["bodies"] == 0
