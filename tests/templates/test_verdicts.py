"""Which engine serves a template is found by trials, and the reason is told."""

import json
import time
from pathlib import Path

import pytest

from commerce_events.templates.engine import FAST, REFERENCE, Service
from commerce_events.templates.fast_engine import ABSENT
from commerce_events.templates.library import Templates
from commerce_events.templates.served import serve

pytestmark = pytest.mark.skipif(bool(ABSENT), reason=ABSENT)

PROJECT = Path(__file__).parents[2]
TEMPLATES = PROJECT / "include/templates"
GOLDEN = Path(__file__).parent / "golden"
AUTO = Service()


def test_our_templates_are_served_by_the_fast_engine() -> None:
    files = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.jsonata")]

    engines = Templates.load(TEMPLATES, files, cases=GOLDEN).engines

    assert {file: serving.engine for file, serving in engines.items()} == dict.fromkeys(files, FAST)
    assert all("golden cases and" in serving.why for serving in engines.values())


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('{"a": $count(payload.data.external_ref)}', "differs in made input 1 at $.a"),
        ('{"a": $string(payload.data.customer)}', "differs in made input"),
        ('{"a": payload.data.anonymized in [1]}', "differs in made input"),
        ('{"a": $sort(payload.included.items, function($l, $r) {$l.sku > $r.sku}).sku}', "at $"),
        ('{"a": -5 ?: 99}', "differs in made input 1 at $.a"),
        ('{"f": $sum}', "differs in made input 1 at $"),
        ('{"a": $trim(commerce.customer.name)}', "$trim leaves other spaces on the fast engine"),
        ('{"a": $formatNumber(commerce.money.total, "0.00")}', "$formatNumber rounds halves differently"),
        ('{"a": commerce.money.total / commerce.lines[0].quantity}', "may divide by zero"),
        ('{"a": 1 / 0}', "may divide by zero"),
        ("payload ~> |data|{'a': 1}|", "a transform"),
        ('{"a": $map([1], $now)}', "$now is used otherwise than by calling it"),
        ('{"a": "\\uD83D"}', "does not take it"),
    ],
)
def test_where_the_engines_differ_the_reference_serves_and_the_reason_is_told(source: str, why: str) -> None:
    serving = serve("t.jsonata", source, AUTO).serving

    assert serving.engine == REFERENCE
    assert why in serving.why


@pytest.mark.parametrize(
    "source",
    [
        '{"total": $sum(payload.included.items.value.amount) / 100}',
        '{"a": [payload.included.items[sku != "x"].{"sku": sku, "off": discounts[0].amount.amount}]}',
        '{"at": $now(), "year": $fromMillis($millis(), "[Y]"), "email": $lowercase(commerce.customer.email)}',
        '{"id": $$.payload.data.id, "first": $split(commerce.customer.name, " ")[0]}',
    ],
)
def test_the_usual_idioms_are_served_by_the_fast_engine(source: str) -> None:
    assert serve("t.jsonata", source, AUTO).serving.engine == FAST


def test_a_tracking_may_insist_on_the_reference() -> None:
    assert serve("t.jsonata", '{"a": 1}', Service("reference")).serving == (
        REFERENCE,
        "commerce.toml says so",
    )


def test_a_golden_case_in_which_the_engines_differ_decides(tmp_path: Path) -> None:
    given = {"commerce": {"event": {"occurred_at": "2026-03-01T12:00:00Z"}}, "rare": {"note": None}}
    (tmp_path / "case.input.json").write_text(json.dumps(given))
    (tmp_path / "case.expected.json").write_text("{}")
    source = '{"a": $count(rare.note)}'

    assert serve("t.jsonata", source, AUTO).serving.engine == FAST
    assert serve("t.jsonata", source, AUTO, tmp_path).serving.why == "differs in golden case 1 at $.a"


def test_a_golden_case_that_cannot_be_read_does_not_stop_a_run(tmp_path: Path) -> None:
    (tmp_path / "case.input.json").write_text("{")

    assert "cannot be read" in serve("t.jsonata", '{"b": 1}', AUTO, tmp_path).serving.why


def test_trials_take_well_under_a_second_of_computing() -> None:
    source = (TEMPLATES / "segment/elasticpath/order_completed.jsonata").read_text()
    begun = time.process_time()

    assert serve("t.jsonata", source + "/* not tried before */", AUTO).serving.engine == FAST

    assert time.process_time() - begun < 1
