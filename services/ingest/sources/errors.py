"""What a marketplace can answer instead of what was asked, as one tree.

    SourceError
    ├── TryLater        it is busy, or asks us to wait         tried again, then left to schedule
    │   └── TooOften    it does not say for how long        likewise, or by our count of calls
    ├── WindowTooLarge  it cannot answer for so much time      asked again for half
    ├── Unreadable      the answer is none of its own          tried again, then left to schedule
    ├── NotAuthorised   the shop's consent has run out         stops until somebody signs in again
    ├── NotPermitted    this application may not ask this      stops until somebody changes that
    └── Refused         our question is wrong                  never asked again as it stands

None of them moves a cursor. The message is one line for a log; it names no buyer and no secret.
"""


class SourceError(Exception):
    """The root: a marketplace did not answer the question."""


class TryLater(SourceError):
    """It is busy, or away, or asks us to wait so many seconds."""

    def __init__(self, problem: str, *, seconds: float | None = None) -> None:
        super().__init__(problem)
        self.seconds = seconds


class TooOften(TryLater):
    """It was asked more often than it lets us."""


class WindowTooLarge(SourceError):
    """The window holds more than it, or we, can take at once."""


class Unreadable(SourceError):
    """A page of something else, a torn one, or one too large: never an empty one."""


class NotAuthorised(SourceError):
    """The shop's consent is gone: more calls would only be refused."""


class NotPermitted(SourceError):
    """The application lacks a permission."""


class Refused(SourceError):
    """The question itself is wrong, and will be next time."""
