"""What the world can do wrong, as one tree.

    KaoheError
    ├── Invalid        the payload is malformed                         REST 422
    ├── NotFound       there is no such thing, or not for this caller   REST 404
    ├── Forbidden      the caller's role may not do this                REST 403
    ├── Conflict       the rules refuse it                              REST 409
    │   └── Closed     it is closed or not yet closed                   REST 409
    └── Unavailable    try again later                                  REST 503

A refusal carries a stable `code`, a sentence, and the faults it found, each with its place. A door
maps the six branches, never a single code.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place of a payload."""

    pointer: str
    """JSON pointer into the payload: `/paid_amount`, `/sections/0/items/2/weight`."""
    code: str
    detail: str


class KaoheError(Exception):
    """The root: a refusal with a stable code, a sentence and the places at fault."""

    def __init__(self, code: str, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)


class Invalid(KaoheError):
    """The payload is malformed; the faults name every place."""


class NotFound(KaoheError):
    """There is no such thing, or not within the caller's view: the two look alike."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"There is no {what} here.")


class Forbidden(KaoheError):
    """The caller's role may not do this."""


class Conflict(KaoheError):
    """The payload is well formed and the rules refuse it."""


class Closed(Conflict):
    """The period or cycle is closed for this, or not yet over."""


class Unavailable(KaoheError):
    """Something that we need is away; the same call may succeed later."""

    def __init__(
        self, detail: str, *, retry_after_seconds: int = 1, contended: bool = False
    ) -> None:
        super().__init__("unavailable", detail)
        self.retry_after_seconds = retry_after_seconds
        self.contended = contended
        """Another transaction stood in the way: the same work may be tried again at once."""
