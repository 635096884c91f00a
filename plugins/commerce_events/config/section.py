"""What the sections of `commerce.toml` are made of."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
DottedPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]
Patterns = Annotated[tuple[Text, ...], BeforeValidator(lambda one: (one,) if isinstance(one, str) else one)]


def _no_number(said: object) -> object:
    """2026 is no year to pydantic, but half an hour past midnight in 1970."""
    if isinstance(said, int | float) or (isinstance(said, str) and said.strip().lstrip("+-").isdecimal()):
        raise PydanticCustomError("datetime_type", "a number is no time")
    return said


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
