"""The audit: what was done, by whom, and the link that makes every later change of it visible."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done to what, before it has its place in the chain."""

    action: str
    """What was done: `employee.update`, `cycle.move`."""
    subject: str
    """To what: `employee:e-1`, `cycle:2026-10-traffic`."""
    detail: str
    """A JSON object as text: the digest covers exactly these characters."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: kept elsewhere, it shows one that was made anew."""

    number: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of a tenant's chain."""

    number: int
    """From 1, without a gap."""
    at: datetime
    actor: str
    deed: Deed
    previous: bytes
    """The digest of the entry before it; zeros for the first."""
    digest: bytes
