"""When somebody is told that something is wrong, and who."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from commerce_events.config.section import Section, Text
from commerce_events.domain.alerts import Limits, Rule

Number = Annotated[float, Field(ge=0)]


class Threshold(Section):
    """From which value on; without one there is no such level."""

    warning: Number | None = None
    critical: Number | None = None


class Notify(Section):
    """Whom a change is told, each by an Airflow connection; nobody unless one is named.

    `email` are addresses, `email_connection` the SMTP server. `webhook` gets JSON by POST.
    """

    webhook: Text | None = None
    slack: Text | None = None
    email: tuple[Text, ...] = ()
    email_connection: Text = "smtp_default"


class Alerts(Section):
    """One section for each thing that is watched."""

    accuracy: Threshold = Threshold(warning=1.0, critical=0.99)
    accuracy_days: Annotated[int, Field(strict=True, ge=1)] = 7
    quarantine_share: Threshold = Threshold(warning=0.01, critical=0.1)
    dead_letters: Threshold = Threshold(warning=1, critical=100)
    lag_minutes: Threshold = Threshold(warning=30, critical=120)
    silent_hours: Threshold = Threshold(warning=24, critical=72)
    watermark_minutes: Threshold = Threshold(warning=60, critical=240)
    notify: Notify = Notify()

    @model_validator(mode="after")
    def _get_worse(self) -> "Alerts":
        for name in type(self).model_fields:
            limit = getattr(self, name)
            if not isinstance(limit, Threshold) or limit.warning is None or limit.critical is None:
                continue
            if limit.critical < limit.warning if name != "accuracy" else limit.critical > limit.warning:
                raise PydanticCustomError(
                    "threshold", "{name}: critical must be worse than warning", {"name": name}
                )
        return self

    def limits(self) -> dict[Rule, Limits]:
        return {
            Rule.ACCURACY: _limits(self.accuracy, falling=True),
            Rule.QUARANTINE: _limits(self.quarantine_share),
            Rule.DEAD: _limits(self.dead_letters),
            Rule.LAG: _limits(self.lag_minutes),
            Rule.SILENCE: _limits(self.silent_hours),
            Rule.WATERMARK: _limits(self.watermark_minutes),
        }


def _limits(threshold: Threshold, *, falling: bool = False) -> Limits:
    return Limits(threshold.warning, threshold.critical, falling)
