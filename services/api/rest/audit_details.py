"""How the details of audit entries are written: what each member holds, whose action it may be."""

from typing import Annotated

from pydantic import Field, RootModel

from services.door.wire import Model
from services.schema.deeds import DETAILS


class AuditValue(RootModel["str | int | bool | list[AuditValue] | dict[str, AuditValue] | None"]):
    """A value of what was changed: JSON, its decimals as text."""


Fields = dict[str, AuditValue]
Strings = list[str]


class AuditedMove(Model):
    """A grade that was moved."""

    scorecard: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    reason: str


class AuditedRate(Model):
    """A rate that was put, and the one before it."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    day: str
    before: str | None
    rate: str


class AuditedFeed(Model):
    """What a batch brought of one feed: accepted is applied, rejected and waiting together."""

    shop: str | None
    source: str | None
    accepted: int
    applied: int
    rejected: int
    waiting: int


class AuditDetail(Model):
    """All that a detail may hold; the entry says by which action which of it there is."""

    about: str | None = None
    accepted: bool | None = None
    after: Fields | int | None = None
    """The fields that were changed, as they are; a limit as it is."""
    also: Strings | None = None
    amount: str | None = None
    basis: str | None = None
    batch: str | None = None
    before: Fields | int | str | None = None
    """The same as they were; null of what was not there. Of a target its value."""
    behaviour: str | None = None
    better: str | None = None
    calls_per_second: int | None = None
    cards: int | None = None
    code: str | None = None
    comment: str | None = None
    currency: str | None = None
    cycle: str | None = None
    day: str | None = None
    days: list[Strings] | None = None
    """From a day to another, the end exclusive."""
    document: Fields | None = None
    """The scheme or the ladder, as it was put."""
    draft: int | None = None
    drifts: Strings | None = None
    dropped: int | None = None
    due_on: str | None = None
    employee: str | None = None
    en: str | None = None
    entries: int | None = None
    entries_sha256: str | None = None
    event: str | None = None
    events: Strings | None = None
    expires_at: str | None = None
    feeds: list[AuditedFeed] | None = None
    """Of what a batch's rows were, the first hundred by shop and source."""
    feeds_in_all: int | None = None
    fields: int | None = None
    fingerprint: str | None = None
    first_seq: int | None = None
    forced: int | None = None
    formula: str | None = None
    formula_before: str | None = None
    from_: Annotated[str | None, Field(alias="from")] = None
    gateway: str | None = None
    holds: bool | None = None
    id: str | None = None
    indicator: str | None = None
    in_force_from: str | None = None
    issued_before: str | None = None
    item: str | None = None
    job: str | None = None
    key: int | str | None = None
    """By which secrets are sealed, or buyers hashed: its name or number, never itself."""
    kind: str | None = None
    ladder: str | None = None
    last_seq: int | None = None
    left: int | None = None
    level: str | None = None
    manifest_sha256: str | None = None
    month: str | None = None
    moves: list[AuditedMove] | None = None
    named: str | None = None
    note: str | None = None
    number: int | None = None
    on_time: bool | None = None
    orders: int | None = None
    outcome: str | None = None
    owner: str | None = None
    paid_amount: str | None = None
    part: str | None = None
    period: str | None = None
    periods: Strings | None = None
    points: str | None = None
    previous_until: str | None = None
    rates: list[AuditedRate] | None = None
    reason: str | None = None
    respondents: int | None = None
    result: str | None = None
    results: int | None = None
    revision: int | None = None
    role: str | None = None
    round: int | None = None
    rows: int | dict[str, int] | None = None
    """Of a file how many; of what was deleted, by table; of facts, by what became of them."""
    rule: str | None = None
    scheme_version: int | None = None
    scorecards: int | None = None
    secrets: int | None = None
    seed: str | None = None
    set: Strings | None = None
    """Which secrets were stated, never what they are."""
    sha256: str | None = None
    """Of the bytes that the entry is about: of a batch its body, unpacked. Of a pulled day it goes
    on page by page: of the digest so far, at first 32 zeros, and that of the page as it is kept.
    """
    sha256_before: str | None = None
    shop: str | None = None
    signed: bool | None = None
    since: str | None = None
    source: str | None = None
    state: str | None = None
    subject: str | None = None
    taken_away: Strings | None = None
    template: str | None = None
    tenant: int | None = None
    through: int | None = None
    ties: int | None = None
    to: str | None = None
    undoes: str | None = None
    unforced: int | None = None
    unit: str | None = None
    url: str | None = None
    use: str | None = None
    value: str | None = None
    version: int | None = None
    webhook: str | None = None
    withdraws: str | None = None
    zh: str | None = None


def told_by_action() -> str:
    """Which members a detail has by its action, for who reads the contract."""
    lines = []
    for action, ways in sorted(DETAILS.items()):
        told = " or ".join(", ".join(sorted(way)) or "nothing" for way in ways)
        lines.append(f"- `{action}`: {told}")
    return "What was done, by its action:\n\n" + "\n".join(lines)
