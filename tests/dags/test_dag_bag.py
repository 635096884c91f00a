"""What Airflow itself reads out of the dags folder."""

import warnings
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, TriggerRule, task

from commerce_events.airflow.pools import BACKFILL
from commerce_events.domain.errors import AttentionError, ConfigurationError, TransientError

DAGS = Path(__file__).parents[2] / "dags"


@pytest.fixture(scope="module")
def bag() -> DagBag:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return DagBag(str(DAGS))


def test_every_file_becomes_the_dag_of_its_name(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == {path.stem for path in DAGS.glob("*.py")}


def test_every_pool_is_one_that_is_made(bag: DagBag) -> None:
    used = {task.pool for dag in bag.dags.values() for task in dag.tasks}

    assert used == {"default_pool", BACKFILL}


# Both leave the leaf unrun, and the run red, when anything right before it failed.
GUARDS = (TriggerRule.ALL_SUCCESS, TriggerRule.NONE_FAILED)


def unguarded(dag: DAG) -> list[str]:
    """Tasks whose failure could end in a green run: no single leaf stands right behind them as a guard."""
    leaves = [task for task in dag.tasks if not task.downstream_task_ids]
    if len(leaves) != 1 or leaves[0].trigger_rule not in GUARDS:
        return sorted(task.task_id for task in leaves)
    return sorted(set(dag.task_ids) - {leaves[0].task_id} - leaves[0].upstream_task_ids)


def test_a_dag_ends_in_one_leaf_behind_every_task(bag: DagBag) -> None:
    assert [(dag_id, unguarded(dag)) for dag_id, dag in bag.dags.items() if unguarded(dag)] == []


@task
def first() -> None: ...


@task(trigger_rule="all_done")
def whatever_happened() -> None: ...


@task
def last() -> None: ...


def test_an_unguarded_task_is_found() -> None:
    with DAG("forgiving", schedule=None) as forgiving:
        first() >> whatever_happened()
    with DAG("hiding", schedule=None) as hiding:
        first() >> whatever_happened() >> last()

    assert unguarded(forgiving) == ["whatever_happened"]
    assert unguarded(hiding) == ["first"]


def test_what_needs_a_person_is_not_tried_again(bag: DagBag) -> None:
    policy = bag.dags["sync_orders"].get_task("capture").partial_kwargs["retry_policy"]

    decided = {
        error.__name__: str(policy.evaluate(error("why"), 1, 2).action.value)
        for error in (AttentionError, ConfigurationError, TransientError)
    }
    assert decided == {"AttentionError": "fail", "ConfigurationError": "fail", "TransientError": "default"}
