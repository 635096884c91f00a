"""Runs golden cases: `<cases>/<template's path>/<case>.input.json` and its companions (see cases.py).

The contract is the one of the destination that the template's path begins with, met with the ids and the
time that a real message would carry.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commerce_events.contracts.contracts import Contracts
from commerce_events.domain.errors import CommerceEventsError
from commerce_events.templates.cases import INPUT, Case, read_case
from commerce_events.templates.differences import differences
from commerce_events.templates.engine import Service
from commerce_events.templates.library import SUFFIX, Templates

# Template files, perhaps with how each is to be served; None: all that there are.
Named = Collection[str] | Mapping[str, Service] | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of one case. `case` is empty where a template has none, which is a failure too."""

    template: str
    case: str
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


def run_golden(
    templates_folder: Path,
    contracts_folder: Path,
    cases_folder: Path,
    only: Named = None,
) -> list[CaseResult]:
    """Every case of every template; failures too for a template without cases, and cases without template.

    `only` names the template files that are meant; drafts beside them are left alone.
    Raises ConfigurationError where a template or a contract cannot be loaded.
    """
    stems = _stems(cases_folder, INPUT)
    files = _files(templates_folder, only)
    templates = load_with_cases(templates_folder, cases_folder, only)
    results: list[CaseResult] = []
    for file in files:
        contracts = Contracts.load(contracts_folder / file.partition("/")[0])
        own = [stem for stem in stems if _template_of(stem) == file]
        results += [_result(templates, contracts, cases_folder / stem, file) for stem in own]
        results += [] if own else [CaseResult(file, "", ("has no golden cases",))]
    strays = sorted({_template_of(stem) for stem in stems}.difference(files)) if only is None else []
    return results + [CaseResult(stray, "", ("has cases, and is no template",)) for stray in strays]


def load_with_cases(templates_folder: Path, cases_folder: Path, only: Named = None) -> Templates:
    """The templates as they are served where these golden cases are at hand."""
    files = {file + SUFFIX: Service() for file in _files(templates_folder, only)}
    return Templates.load(templates_folder, only if isinstance(only, Mapping) else files, cases=cases_folder)


def _files(folder: Path, only: Named) -> list[str]:
    return _stems(folder, SUFFIX) if only is None else _named(only)


def _stems(folder: Path, suffix: str) -> list[str]:
    """The files below a folder that end so, as relative paths without their end."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob(f"*{suffix}"))
    return sorted(name.removesuffix(suffix) for name in found)


def _named(only: Collection[str]) -> list[str]:
    return sorted(name.removesuffix(SUFFIX) for name in set(only))


def _template_of(stem: str) -> str:
    return stem.rpartition("/")[0]


def _result(templates: Templates, contracts: Contracts, stem: Path, file: str) -> CaseResult:
    try:
        case = read_case(stem)
        calls = templates.render(file + SUFFIX, case.document, case.occurred_at)
    except CommerceEventsError as error:
        return CaseResult(file, stem.name, (str(error),))
    problems = (*map(str, differences(case.expected, calls)), *_verdict(contracts, case, calls))
    return CaseResult(file, stem.name, problems)


def _verdict(contracts: Contracts, case: Case, calls: list[dict[str, Any]]) -> Iterator[str]:
    """Where the contract says otherwise than the case: by default, that a message breaks it."""
    found = [found for call in calls if (found := contracts.violation(_complete(call, case))) is not None]
    wanted = case.violation
    if wanted is None:
        yield from (f"breaks its contract: {one.path} {one.message} ({one.reason})" for one in found)
    elif wanted not in [{"reason": one.reason, "path": one.path} for one in found]:
        yield f"does not break its contract with {wanted.get('reason')} at {wanted.get('path')}"


def _complete(call: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """A call with what code adds to it, as far as contracts look."""
    commerce = case.document["commerce"]
    added = {"messageId": "golden", "timestamp": commerce["event"]["occurred_at"]}
    return {**commerce.get("identity", {}), **call, **added}
