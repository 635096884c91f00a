"""What the sections of `commerce.toml` are made of."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
DottedPath = Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$")]
Patterns = Annotated[tuple[Text, ...], BeforeValidator(lambda one: (one,) if isinstance(one, str) else one)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
