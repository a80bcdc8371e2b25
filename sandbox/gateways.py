"""What all pretend marketplaces share: how a call reaches one, what goes back, what breaks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from sandbox.books import Books
from sandbox.faults import Fault, Trouble


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


def stall_seconds(fault: Fault | None) -> int:
    return fault.seconds if fault and fault.kind == "stall" else 0
