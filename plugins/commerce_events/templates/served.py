"""From a template's text to who serves it."""

from functools import partial
from pathlib import Path

from commerce_events.templates.checked import CheckedTemplate
from commerce_events.templates.confinement import ConfinedTemplate
from commerce_events.templates.dangers import danger
from commerce_events.templates.engine import REFERENCE, Service, Serving, Template
from commerce_events.templates.fast_engine import FastEngine
from commerce_events.templates.reads import reads
from commerce_events.templates.reference_engine import ReferenceEngine, ReferenceTemplate
from commerce_events.templates.verdicts import verdict, withdraw


def serve(name: str, source: str, service: Service, cases: Path | None = None) -> CheckedTemplate:
    """Raises ConfigurationError where the source is refused. `cases`: the folder of its golden cases."""
    compiled = ReferenceEngine().compile(name, source)
    tree = compiled.compiled().ast
    found = danger(tree)
    reference: Template = compiled if found is None else ConfinedTemplate(name, source)
    return CheckedTemplate(
        name,
        reference,
        fast=partial(FastEngine().compile, name, source),
        judge=partial(_judge, compiled, service, found, cases),
        check_every=service.check_every,
        reads=reads(tree),
        on_withdrawal=partial(withdraw, source),
    )


def _judge(template: ReferenceTemplate, service: Service, danger: str | None, cases: Path | None) -> Serving:
    if danger is not None:
        return Serving(REFERENCE, f"in a process of its own, with limits: {danger}")
    if service.engine == "reference":
        return Serving(REFERENCE, "commerce.toml says so")
    return verdict(template, cases)
