"""Our exceptions. Each class answers one question: what should happen next?

* CommerceEventsError
  - TransientError       nothing is wrong with the request; the same one may pass later
  - RejectedError        this message will never pass; set it aside and carry on
  - BadRecordError       this record cannot be read; keep it as a reject and carry on with the page
  - TemplateError        this message cannot be rendered; quarantine it and carry on
  - ConfigurationError   nothing will pass until a person fixes a credential or a file
  - AttentionError       the work is done, and rows wait for a person: the task must not be green
"""


class CommerceEventsError(Exception):
    """The root of all our exceptions."""


class TransientError(CommerceEventsError):
    """The same request may pass later; `after` is the wait in seconds the other side asked for.

    `maybe_taken` says that the other side may have acted on the request before it failed.
    """

    def __init__(self, message: str, *, after: float | None = None, maybe_taken: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.maybe_taken = maybe_taken


class RejectedError(CommerceEventsError):
    """The other side refused this content for good."""


class BadRecordError(CommerceEventsError):
    """A record cannot be read. `reason` is a short code, `path` a JSON path; never the record's content."""

    def __init__(self, reason: str, path: str, message: str) -> None:
        super().__init__(f"{message} (at {path})")
        self.reason = reason
        self.path = path


class TemplateError(CommerceEventsError):
    """A template failed to load or to render; names the template and where, never the record's content."""


class ConfigurationError(CommerceEventsError):
    """A person must change a credential or a file; the message names which, and what is allowed."""


class AttentionError(CommerceEventsError):
    """Everything possible was done, and some rows wait for a person."""
