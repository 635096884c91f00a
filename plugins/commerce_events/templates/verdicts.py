"""Which engine serves a template: the fast one only where it gave the reference's answer every time."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from commerce_events.domain.errors import ConfigurationError, TemplateError
from commerce_events.templates.cases import INPUT, read_case
from commerce_events.templates.differences import differences
from commerce_events.templates.distrust import distrust
from commerce_events.templates.engine import FAST, REFERENCE, Serving, Template
from commerce_events.templates.fast_engine import ABSENT, Doubt, FastEngine
from commerce_events.templates.mutations import mutations
from commerce_events.templates.reference_engine import ReferenceTemplate
from commerce_events.templates.syntax_tree import field_names
from commerce_events.templates.trial_documents import WHEN, trial_documents

MUTATIONS = 40
FAILED = "\0failed"  # both engines failing is agreement; no template can answer this text

_withdrawn: dict[str, Serving] = {}

Trial = tuple[Mapping[str, Any], datetime]


def verdict(reference: ReferenceTemplate, cases: Path | None = None) -> Serving:
    """`cases` is the folder of the template's golden cases, where there is one."""
    if ABSENT:
        return Serving(REFERENCE, ABSENT)
    if reference.source in _withdrawn:
        return _withdrawn[reference.source]
    golden = tuple(sorted(cases.glob(f"*{INPUT}"))) if cases else ()
    return _verdict(reference.source, golden)


def withdraw(source: str, serving: Serving) -> None:
    """What was found in earnest holds for this process, whatever the trials say."""
    _withdrawn[source] = serving


@lru_cache(maxsize=256)
def _verdict(source: str, golden: tuple[Path, ...]) -> Serving:
    reference = ReferenceTemplate("trial", source)
    tree = reference.compiled().ast
    reason = distrust(tree)
    if reason is not None:
        return Serving(REFERENCE, reason)
    try:
        fast = FastEngine().compile("trial", source)
    except (ConfigurationError, TemplateError):
        return Serving(REFERENCE, "the fast engine does not take it")
    try:
        cases = [*_golden(golden)]
    except ConfigurationError:
        return Serving(REFERENCE, "a golden case cannot be read: `templates test` says which")
    made = [*_made(field_names(tree))]
    return (
        _tried(reference, fast, cases, "golden case")
        or _tried(reference, fast, made, "made input")
        or (Serving(FAST, f"agrees in {len(cases)} golden cases and {len(made)} made inputs"))
    )


def _tried(reference: Template, fast: Template, trials: Iterable[Trial], what: str) -> Serving | None:
    for number, (document, at) in enumerate(trials, start=1):
        try:
            got = answer(fast, document, at)
        except Doubt:
            continue  # asked of the reference in earnest, too
        paths = [each.path for each in differences(answer(reference, document, at), got)]
        if paths:
            return Serving(REFERENCE, f"differs in {what} {number} at {', '.join(sorted(set(paths))[:3])}")
    return None


def answer(template: Template, document: Mapping[str, Any], at: datetime) -> Any:
    """What the template answers; all failures are alike."""
    try:
        return template.evaluate(document, at)
    except TemplateError:
        return FAILED


def _golden(inputs: Iterable[Path]) -> Iterator[Trial]:
    for path in inputs:
        case = read_case(Path(str(path).removesuffix(INPUT)))
        yield case.document, case.occurred_at


def _made(names: set[str]) -> Iterator[Trial]:
    documents = [*trial_documents()]
    yield from ((each, WHEN) for each in documents)
    yield from ((each, WHEN) for each in mutations(documents, names, MUTATIONS))
