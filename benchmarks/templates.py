"""What does a template cost, engine by engine?

All evaluate our Order Completed over the same parsed documents and answer a parsed message. CPU time of the
engine's own process; all engines take turns within one run, after all have given the same answers.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from benchmarks.rig import hand_written
from benchmarks.rig.clock import Round, here, in_turn, middle, spread
from benchmarks.rig.environments import Missing
from benchmarks.rig.javascript import javascript
from benchmarks.rig.orders import PLACED, document, paid_orders, records
from benchmarks.tables import say, show
from commerce_events.templates.fast_engine import ABSENT, FastEngine
from commerce_events.templates.library import Templates
from commerce_events.templates.reference_engine import ReferenceEngine

FOLDER = Path(__file__).parents[1] / "include" / "templates"
FILE = "segment/elasticpath/order_completed.jsonata"
LINES = (1, 5, 20, 100)
DOCUMENTS = 50
JAVASCRIPT = "JavaScript (jsonata)"


def main() -> None:
    rows: list[dict[str, Any]] = []
    for lines in LINES:
        with TemporaryDirectory() as folder, ExitStack() as stack:
            rows += measure(lines, stack, Path(folder))
    show("templates", "Order Completed: CPU microseconds for one evaluation", rows)


def measure(lines: int, stack: ExitStack, folder: Path) -> list[dict[str, Any]]:
    documents = [document(record) for record in records(paid_orders(DOCUMENTS, lines, seed=lines))]
    engines = ours(documents)
    try:
        script = stack.enter_context(javascript(folder, FOLDER / FILE, documents))
        check(JAVASCRIPT, script.answers(), documents)
        engines[JAVASCRIPT] = script.round
    except Missing as missing:
        say(f"{JAVASCRIPT}: left out, {missing}")
    costs = in_turn(engines)
    return [row(name, lines, costs) for name in costs]


def ours(documents: list[dict[str, Any]]) -> dict[str, Round]:
    """Each engine that runs in this process, once it has given the right answers."""
    source = (FOLDER / FILE).read_text()
    engines = {
        "hand-written Python": lambda given: hand_written.order_completed(given),
        "reference (jsonata-python)": engine(ReferenceEngine().compile(FILE, source)),
    }
    if ABSENT:
        say(f"jsonatapy: left out, {ABSENT}")
    else:
        engines["fast (jsonatapy), alone"] = engine(FastEngine().compile(FILE, source))
        engines["jsonatapy itself, text to text"] = itself(source)
    served = Templates.load(FOLDER, [FILE])
    engines["as served (auto)"] = lambda given: served.render(FILE, given, PLACED)[0]
    for name, evaluate in engines.items():
        check(name, [evaluate(each) for each in documents], documents)
    return {name: here(rotating(evaluate, documents)) for name, evaluate in engines.items()}


def engine(template: Any) -> Any:
    return lambda given: template.evaluate(given, PLACED)


def itself(source: str) -> Any:
    import jsonatapy

    compiled, texts = jsonatapy.compile(source), {}

    def evaluate(given: Mapping[str, Any]) -> Any:
        """The text is made once for each document: only the engine is measured."""
        text = texts.get(id(given)) or texts.setdefault(id(given), orjson.dumps(given).decode())
        return orjson.loads(compiled.evaluate_json(text))

    return evaluate


def rotating(evaluate: Any, documents: list[dict[str, Any]]) -> Any:
    turn = 0

    def work() -> None:
        nonlocal turn
        evaluate(documents[turn % len(documents)])
        turn += 1

    return work


def check(name: str, answers: list[Any], documents: list[dict[str, Any]]) -> None:
    """Whoever answers something else is not compared."""
    expected = [hand_written.order_completed(each) for each in documents]
    if answers != expected:
        place = next(at for at, answer in enumerate(answers) if answer != expected[at])
        raise SystemExit(f"{name} answers otherwise:\n{answers[place]}\nand not\n{expected[place]}")


def row(name: str, lines: int, costs: dict[str, list[float]]) -> dict[str, Any]:
    own, rival = middle(costs[name]), costs.get(JAVASCRIPT)
    return {
        "engine": name,
        "lines": lines,
        "CPU us": own,
        "a second": 1e6 / own,
        "x reference": middle(costs["reference (jsonata-python)"]) / own,
        "x JavaScript": middle(rival) / own if rival else float("nan"),
        "spread": spread(costs[name]),
    }


if __name__ == "__main__":
    main()
