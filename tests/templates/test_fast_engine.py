"""The fast engine: each known trap of jsonatapy, closed; where it answers, it answers as the reference."""

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from templates.expressions import EXPRESSIONS, documents

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.templates.differences import differences
from commerce_events.templates.engine import Template
from commerce_events.templates.fast_engine import _OF_THREAD, ABSENT, Doubt, FastEngine
from commerce_events.templates.mutations import mutations
from commerce_events.templates.reference_engine import ReferenceEngine
from commerce_events.templates.syntax_tree import field_names
from commerce_events.templates.trial_documents import trial_documents
from commerce_events.templates.verdicts import FAILED, answer

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

WHEN = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]
DEFAULTS = sorted((PROJECT / "include/templates").rglob("*.jsonata"))
TRIALS = [*trial_documents()]
PERSON = "jane@example.com"


def both(source: str) -> tuple[Template, Template]:
    return ReferenceEngine().compile("t.jsonata", source), FastEngine().compile("t.jsonata", source)


def disagreements(engines: tuple[Template, Template], document: dict[str, Any]) -> list[str]:
    """Where the fast engine answers something else. Asking the reference instead is no answer."""
    reference, fast = engines
    try:
        got = answer(fast, document, WHEN)
    except Doubt:
        return []
    return [] if got is FAILED else [*map(str, differences(answer(reference, document, WHEN), got))]


def evaluate(source: str, document: dict[str, Any] | None = None) -> Any:
    return FastEngine().compile("t.jsonata", source).evaluate(document or {}, WHEN)


COMPILED = {path.stem: both(path.read_text()) for path in DEFAULTS} if not ABSENT else {}
CORPUS = {source: both(source) for source in EXPRESSIONS} if not ABSENT else {}


@pytest.mark.parametrize("name", COMPILED)
@given(seed=st.integers(0, 2**32), place=st.integers(0, len(TRIALS) - 1))
@settings(max_examples=60, deadline=None)
def test_our_templates_make_the_same_of_any_order(name: str, seed: int, place: int) -> None:
    reference, _ = COMPILED[name]
    names = field_names(reference.compiled().ast)  # type: ignore[attr-defined]

    [document] = mutations(TRIALS[place : place + 1], names, 1, seed=seed)

    assert disagreements(COMPILED[name], document) == []


@pytest.mark.parametrize("source", CORPUS)
@given(document=documents)
@settings(max_examples=40, deadline=None)
def test_expressions_answer_alike(source: str, document: dict[str, Any]) -> None:
    assert disagreements(CORPUS[source], document) == []


def test_a_template_shared_by_threads_never_mixes_two_orders() -> None:
    template = FastEngine().compile("t.jsonata", 'items.{"of": $$.id, "sku": $uppercase(sku)}')
    orders = [{"id": f"order-{n}", "items": [{"sku": f"s{n}"}] * 8} for n in range(200)]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda order: template.evaluate(order, WHEN), orders))

    for n, result in enumerate(results):
        assert result == [{"of": f"order-{n}", "sku": f"S{n}"}] * 8


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_any_thread_may_collect_a_template_as_garbage() -> None:
    """A compiled object that another thread drops is never given back, and says so on the terminal."""
    cycle: list[Any] = [FastEngine().compile("own", "$string(payload.data.id) & 'collected'")]
    cycle[0].evaluate({"payload": {"data": {"id": "1"}}}, WHEN)
    cycle.append(cycle)
    del cycle

    with ThreadPoolExecutor(1) as pool:
        pool.submit(gc.collect).result()


def test_the_clock_answers_when_the_fact_happened() -> None:
    source = '{"now": $now(), "millis": $millis(), "year": $map([1, 2], function($n) {$now("[Y]") & $n})}'
    clock = FastEngine().compile("t.jsonata", source)

    told = [clock.evaluate({}, at) for at in (WHEN, WHEN + timedelta(days=365))]

    assert told[0] == {"now": "2026-03-01T12:30:15.250Z", "millis": 1772368215250, "year": ["20261", "20262"]}
    assert told[1]["now"] == "2027-03-01T12:30:15.250Z"
    assert told == [ReferenceEngine().compile("t", source).evaluate({}, WHEN), told[1]]


def test_long_numeric_ids_survive_as_text() -> None:
    document = {"id": 9007199254740993, "ids": [5890840712243076, 12]}

    assert evaluate('{"id": id, "text": "order " & id, "ids": ids}', document) == {
        "id": "9007199254740993",
        "text": "order 9007199254740993",
        "ids": ["5890840712243076", 12],
    }


@pytest.mark.parametrize(
    "source", ['{"a": x * x * x}', '{"a": y + y}', '{"a": $sum([y, y])}', '{"a": 9007199254740993}']
)
def test_numbers_that_it_changes_are_asked_of_the_reference(source: str) -> None:
    with pytest.raises(Doubt):
        evaluate(source, {"x": 123_456_789_012, "y": 1.7e308})


def test_an_answer_nested_too_deeply_is_refused_as_by_the_reference() -> None:
    nested: dict[str, Any] = {}
    for _ in range(70):
        nested = {"a": nested}

    with pytest.raises(TemplateError, match="levels deep"):
        evaluate("$$", nested)


def test_an_answer_too_large_is_refused_as_by_the_reference() -> None:
    with pytest.raises(TemplateError, match="more than 1,000,000"):
        evaluate('$join([1..20000].("x" & $$.long))', {"long": "x" * 60})


def test_whole_numbers_are_whole() -> None:
    result = evaluate('{"a": x, "b": 10 / 2, "c": y * 2, "d": -x * 0}', {"x": 10.0, "y": 0.5})

    assert result == {"a": 10, "b": 5, "c": 1, "d": 0}
    assert {type(value) for value in result.values()} == {int}


def test_a_null_that_is_no_number_is_believed() -> None:
    assert evaluate('{"a": x}', {"x": None}) == {"a": None}


@pytest.mark.parametrize(
    "source", ["$number(email)", "email + 1", "$error(email)", "email(1)", "$sum(email)"]
)
def test_an_error_never_quotes_the_data(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        evaluate(source, {"email": PERSON})

    assert PERSON not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "source",
    [
        "($f := function($n) {$f($n + 1)}; $f(1))",
        "($f := function($n) {1 + $f($n + 1)}; $f(1))",
        "[1..9999999]",
    ],
)
def test_a_template_without_end_is_stopped(source: str) -> None:
    with pytest.raises(TemplateError):
        evaluate(source)


def test_a_panic_is_a_failure_like_any_other() -> None:
    template = FastEngine().compile("t.jsonata", "a")
    with ThreadPoolExecutor(1) as pool:
        # What no code of ours does: one thread uses the object that another thread compiled.
        key = (template.source, template.clocks)
        _OF_THREAD.compiled[key] = pool.submit(template.compiled).result()

        said = failure(template)

        del _OF_THREAD.compiled[key]  # it may be dropped by its own thread only
    assert said == "t.jsonata: the fast engine has no answer (panic)"


def failure(template: Template) -> str:
    try:
        template.evaluate({"a": 1}, WHEN)
    except TemplateError as error:
        return str(error)
    return ""


def test_a_template_it_does_not_take_is_refused_by_name() -> None:
    with pytest.raises((ConfigurationError, TemplateError), match=r"^t\.jsonata"):
        FastEngine().compile("t.jsonata", '"\\uD83D"')


IN_A_THREAD = """
import sys, threading
def first():
    from commerce_events.templates.fast_engine import ABSENT
    print(ABSENT)
def render():
    from datetime import UTC, datetime
    from commerce_events.templates.engine import Service
    from commerce_events.templates.served import serve
    template = serve("t.jsonata", '{"a": b}', Service())
    print(template.serving.engine, template.evaluate({"b": 1}, datetime.now(UTC)))
for work in [first] + [render] * 20:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print("jsonatapy" in sys.modules)
"""


def test_first_met_in_a_thread_it_stays_away_and_the_reference_serves() -> None:
    """Imported there, it ends the process at a later compilation."""
    ended = subprocess.run(
        [sys.executable, "-c", IN_A_THREAD],
        env={"PYTHONPATH": str(PROJECT / "plugins")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stderr
    assert "must be loaded by the main thread" in lines[0]
    assert lines[1:-1] == ["reference {'a': 1}"] * 20
    assert lines[-1] == "False"
