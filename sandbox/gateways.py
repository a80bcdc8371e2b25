"""What all pretend marketplaces share: how a call reaches one, what goes back, what breaks."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Protocol

from sandbox.books import Books
from sandbox.faults import Fault, Trouble
from sandbox.shops import ZONE


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as it comes in; the names of its headers are in lower case."""

    method: str
    url: str
    """Without its query."""
    path: str
    query: bytes
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json;charset=UTF-8"
    wait_seconds: int = 0
    dropped: bool = False
    """The connection is cut instead of an answer."""


class Gateway(Protocol):
    """One marketplace; its clock, its books and its trouble are a test's to turn."""

    now: Callable[[], datetime]
    trouble: Trouble
    books: Books

    def answer(self, asked: Asked) -> Answer: ...


class Open(Protocol):
    """Makes a gateway over a first day and a clock."""

    def __call__(self, *, first: date, now: Callable[[], datetime]) -> Gateway: ...


def broken_answer(fault: Fault | None) -> Answer | None:
    """An answer that is none of the marketplace's own."""
    if fault is None:
        return None
    if fault.kind == "garbage":
        return Answer(fault.detail.encode())
    if fault.kind == "drop":
        return Answer(b"", dropped=True)
    if fault.kind == "status":
        headers = {"Retry-After": str(fault.seconds)} if fault.seconds else {}
        return Answer(b"<html>busy</html>", int(fault.detail), headers, "text/html")
    return None


@dataclass(slots=True)
class Ban:
    """How long everything is refused once a test has throttled a gateway."""

    until: datetime = field(default_factory=lambda: datetime.min.replace(tzinfo=UTC))

    def seconds_left(self, fault: Fault | None, at: datetime) -> int:
        """Whole seconds, begun ones too; a throttle begins a new ban."""
        if fault and fault.kind == "throttle":
            self.until = at + timedelta(seconds=fault.seconds)
        return max(0, -(-(self.until - at) // timedelta(seconds=1)))


def disturb(
    fault: Fault,
    rows: list[dict[str, object]],
    books: Books,
    number: Callable[[dict[str, object]], int],
    at: datetime,
) -> None:
    """Spoil a good page, or the books behind it once the page is made.

    `number` is that of a row's sale.
    """
    if fault.kind == "duplicate" and rows:
        rows.append(rows[0])
    elif fault.kind == "shuffle":
        Random(fault.detail).shuffle(rows)
    elif fault.kind == "move" and rows:
        books.touched[number(rows[0])] = at
    elif fault.kind == "late":
        books.held.discard(int(fault.detail))


def md5_of(params: Mapping[str, str], secret: str) -> str:
    """The signature that JD and Pinduoduo want: over everything that has a value."""
    text = "".join(
        name + params[name] for name in sorted(params) if name != "sign" and params[name]
    )
    return hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()  # noqa: S324 - theirs


def chinese_text(moment: datetime) -> str:
    """A time as marketplaces of China write it."""
    return moment.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def stall_seconds(fault: Fault | None) -> int:
    return fault.seconds if fault and fault.kind == "stall" else 0
