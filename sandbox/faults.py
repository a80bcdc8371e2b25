"""What a test can make go wrong at a sandbox gateway, and what the gateway remembers of calls."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

FaultKind = Literal[
    "throttle",  # refuse with a ban of some seconds, and everything else while it lasts
    "busy",  # the marketplace's own trouble: an error that asks to be tried again
    "heavy",  # the window is too much for the marketplace
    "expired",  # the session has run out
    "garbage",  # the detail is the body
    "status",  # the detail is an HTTP status, perhaps with seconds to wait
    "drop",  # the connection is cut without an answer
    "stall",  # answer only after some seconds
    "duplicate",  # a row twice on the page
    "shuffle",  # rows out of order
    "move",  # after the answer a row of the window changes and leaves it
    "late",  # after the answer a row that was held back appears in its old place
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, for so many calls."""

    kind: FaultKind
    times: int = 1
    method: str | None = None
    """Only calls of this method; null is any."""
    after: int = 0
    """Let so many calls through first."""
    seconds: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the gateway saw it."""

    at: datetime
    method: str
    shop: str
    outcome: str
    """`ok`, the fault that struck, or the code of the refusal."""


@dataclass(slots=True)
class Trouble:
    """The faults still to come and the calls so far."""

    faults: list[Fault] = field(default_factory=list)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=100_000))

    def add(self, *faults: Fault) -> None:
        self.faults += faults

    def next(self, method: str) -> Fault | None:
        """The fault that strikes this call, which uses it up."""
        for place, fault in enumerate(self.faults):
            if fault.method not in (None, method):
                continue
            if fault.after:
                self.faults[place] = replace(fault, after=fault.after - 1)
                continue
            if fault.times > 1:
                self.faults[place] = replace(fault, times=fault.times - 1)
            else:
                del self.faults[place]
            return fault
        return None
