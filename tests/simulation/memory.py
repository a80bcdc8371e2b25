"""A store in memory with the functions that ingest's flows and workers call, one for one.

It stands in for PostgreSQL where many stories are to be played in a minute. It has as little of its
own as can be: what SQL says in `landing.sql` and `cursors.py` is said here in Python.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.ingest.store.cursors import StaleLease
from services.ingest.store.feeds import Arrived
from services.ingest.store.landing import Judged
from services.ingest.store.rejected import Rejected
from services.schema.shapes.accounts import BuyerKey
from services.schema.shapes.feeds import Known, Lease, PaidOrder, Stream
from services.schema.shapes.people import Shop, Tenant
from services.schema.words import FactKind, Outcome, WeekStart
from tests.simulation.backfills import (
    add_backfill,
    finish_backfill,
    move_backfill,
    read_backfills,
    read_trail,
)
from tests.simulation.books import FactKey, Row, Session, value_of

__all__ = ["add_backfill", "finish_backfill", "move_backfill", "read_backfills", "read_trail"]


async def read_tenant_numbers(codes: dict[str, int]) -> dict[str, int]:
    return dict(codes)


async def read_tenant(session: Session) -> Tenant:
    return Tenant(session.tenant, "T", "CNY", "Asia/Shanghai", WeekStart.MONDAY, "01-01")


async def read_shops(session: Session) -> dict[str, Shop]:
    return dict(session.books.shops)


async def read_owners(session: Session) -> dict[str, str]:
    return dict(session.books.owners)


async def claim_shops(session: Session, owners: Mapping[str, str]) -> None:
    for shop, source in owners.items():
        assert shop not in session.books.owners
        session.put(session.books.owners, shop, source)


async def start_buyer_key(_session: Session, _key: BuyerKey, **_at: datetime) -> None:
    """All companies of a story go on with the deployment's: a key is there."""


async def hold_buyer_key(_session: Session, *, to_change: bool) -> BuyerKey:
    assert not to_change
    return BuyerKey(1, None)


async def lock_lane(_session: Session, _name: str) -> None:
    """Nobody else writes meanwhile: a block does not wait."""


async def read_kinds_of_others(session: Session, *, shop: str, source: str) -> frozenset[FactKind]:
    rows = [row for row in session.books.feeds.values() if row["shop"] == shop]
    own = {row["kind"] for row in rows if row["source"] == source}
    return frozenset(row["kind"] for row in rows if row["applied"] and row["kind"] not in own)


async def ensure_feeds(
    session: Session, *, shop: str, source: str, streams: Mapping[FactKind, Stream], at: datetime
) -> None:
    for kind in sorted(streams):
        feed = f"{shop}/{kind}"
        if feed not in session.books.feeds:
            row = {"shop": shop, "kind": kind, "source": source, "due_at": at, "token": 0,
                   "until": None, "cursor": None, "attempts": 0, "problem": None,
                   "last_success": None, "accepted": 0, "applied": 0, "rejected": 0}  # fmt: skip
            session.put(session.books.feeds, feed, row)


def is_free(feed: Mapping[str, Any], at: datetime) -> bool:
    return feed["until"] is None or feed["until"] <= at


async def claim_due(
    session: Session, *, shops: Sequence[str], at: datetime, until: datetime
) -> Lease | None:
    feeds = session.books.feeds
    held = {row["shop"] for row in feeds.values() if not is_free(row, at)}
    due = [
        (row["due_at"], row["kind"], feed)
        for feed, row in feeds.items()
        if row["due_at"] <= at and row["shop"] in shops and row["shop"] not in held
    ]
    return _claim(session, min(due)[2], until) if due else None


def _claim(session: Session, feed: str, until: datetime) -> Lease:
    row = session.books.feeds[feed]
    _set(session, feed, token=row["token"] + 1, until=until, attempts=row["attempts"] + 1)
    row = session.books.feeds[feed]
    names = ("shop", "kind", "source", "token", "cursor", "attempts")
    return Lease(feed=feed, until=until, **{name: row[name] for name in names})


async def renew(session: Session, lease: Lease, *, until: datetime) -> None:
    check_token(session, lease)
    _set(session, lease.feed, until=until)


async def advance(
    session: Session, lease: Lease, *, cursor: datetime | None, at: datetime, until: datetime
) -> None:
    check_token(session, lease)
    session.is_stale |= session.books.feeds[lease.feed]["token"] != lease.token
    stored = session.books.feeds[lease.feed]["cursor"]
    further = max(filter(None, (stored, cursor)), default=None)
    _set(session, lease.feed, cursor=further, last_success=at, problem=None, attempts=0,
         until=until)  # fmt: skip


async def release(session: Session, lease: Lease, *, due_at: datetime, problem: str | None) -> None:
    check_token(session, lease)
    _set(session, lease.feed, until=None, due_at=due_at, problem=problem)


async def rest_shop(session: Session, lease: Lease, *, due_at: datetime, problem: str) -> None:
    for feed, row in list(session.books.feeds.items()):
        if row["shop"] == lease.shop:
            _set(session, feed, due_at=max(row["due_at"], due_at), problem=problem)


def check_token(session: Session, lease: Lease) -> None:
    if session.books.feeds[lease.feed]["token"] != lease.token:
        raise StaleLease(lease.feed)


async def hurry(session: Session, *, shops: Sequence[str], at: datetime) -> None:
    for feed, row in list(session.books.feeds.items()):
        if row["shop"] in shops and row["problem"] is not None and row["due_at"] > at:
            _set(session, feed, due_at=at)


async def next_due(session: Session, *, shops: Sequence[str], by: datetime) -> datetime | None:
    feeds = session.books.feeds.values()
    moments = [
        max(
            [row["due_at"], *(o["until"] for o in feeds if o["shop"] == row["shop"] and o["until"])]
        )
        for row in feeds
        if row["shop"] in shops and row["due_at"] <= by
    ]
    return min(moments, default=None)


async def wake_workers(_session: Session) -> None:
    """Nobody hears it: those who wait look when their time has come."""


def _set(session: Session, feed: str, **values: Any) -> None:
    session.put(session.books.feeds, feed, {**session.books.feeds[feed], **values})


async def claim_feed(
    session: Session, feed: str, *, shops: Sequence[str], at: datetime, until: datetime
) -> Lease | None:
    row = session.books.feeds[feed]
    return _claim(session, feed, until) if row["shop"] in shops and is_free(row, at) else None


async def take_pulled_days(_session: Session, **_: object) -> list[object]:
    return []  # There is no audit in memory.


async def drop_expired(_session: Session, **_: object) -> int:
    """No story lasts as long."""
    return 0


empty_expired = drop_expired


async def add_days(session: Session, feed: str, days: Sequence[date]) -> None:
    for day in days:
        session.put(session.books.days, (feed, day), True)  # noqa: FBT003


async def add_page(session: Session, *, body: bytes, **_: Any) -> None:
    session.put(session.books.pages, len(session.books.pages), body)


async def read_known(
    session: Session, kind: FactKind, source: str, numbers: Sequence[str]
) -> Known:
    found = {
        number: row
        for number in numbers
        if (row := session.books.facts.get((kind, source, number))) is not None
    }
    modified = {number: modified_of(row) for number, row in found.items()}
    orders, refunds = {}, {}
    for number, row in found.items():
        if kind is FactKind.ORDERS and row["paid_at"] is not None:
            shipped = row["shipped_at"]
            orders[number] = PaidOrder(
                paid_amount=Decimal(row["paid_amount"] or 0),
                cost_amount=Decimal(row["cost_amount"] or 0),
                campaign=row["campaign"] or None,
                tags={line["id"]: tuple(line["tags"]) for line in json.loads(row["lines"] or "[]")},
                shipped_at=datetime.fromisoformat(shipped) if shipped else None,
            )
        elif kind is FactKind.REFUNDS and row["refunded_at"] is not None:
            refunds[number] = datetime.fromisoformat(row["refunded_at"])
    return Known(modified, orders, refunds)


async def read_refused(
    session: Session, kind: FactKind, source: str, numbers: Sequence[str]
) -> frozenset[str]:
    return frozenset(
        row.body
        for of, _, row in session.books.rejected.values()
        if of is kind and row.source == source and row.fact in numbers and row.body is not None
    )


async def has_rejected(session: Session, kind: FactKind) -> bool:
    return any(of is kind for of, _, _ in session.books.rejected.values())


async def keep_rejected(
    session: Session, kind: FactKind, rows: Sequence[Rejected], *, batch: str, at: datetime
) -> None:
    for row in rows:
        session.put(session.books.rejected, row.id, (kind, batch, row))


async def replace_rejected(session: Session, kind: FactKind, batch: str) -> None:
    landed = {(row["source"], row["id"]): int(row["row"] or 0) for row in session.stage}
    for number, (of, came_in, row) in list(session.books.rejected.items()):
        later = landed.get((row.source, row.fact))
        if of is kind and later is not None and (came_in != batch or row.row < later):
            session.drop(session.books.rejected, number)


async def has_exclusions(_session: Session) -> bool:
    return False


async def prepare_landing(_session: Session, _kind: FactKind) -> None:
    """There is nothing to prepare."""


async def stage(session: Session, _kind: FactKind, columns: Sequence[str], lines: bytes) -> None:
    names = [*columns, "row"]
    session.stage = [
        dict(zip(names, map(value_of, line.split("\t")), strict=True))
        for line in lines.decode().split("\n")[:-1]
    ]
    session.old = {}


async def land(
    session: Session, kind: FactKind, *, each_key_once: bool, overruled: bool
) -> list[Judged]:
    """Row after row, each against what stands when its turn comes."""
    facts = session.books.facts
    outcomes: dict[Outcome, list[int]] = {}
    winners: dict[FactKey, Row] = {}
    for row in sorted(session.stage, key=lambda row: int(row["row"] or 0)):
        key = kind, row["source"] or "", row["id"] or ""
        stands = winners.get(key) or facts.get(key)
        outcome = judge(row, stands)
        outcomes.setdefault(outcome, []).append(int(row["row"] or 0))
        if outcome in {Outcome.CREATED, Outcome.UPDATED}:
            winners[key] = row
    session.stage = list(winners.values())
    session.old = {key: facts[key] for key in winners if key in facts}
    for key, row in winners.items():
        if kind is FactKind.REFUNDS:
            order = facts.get((FactKind.ORDERS, key[1], row["order_id"] or ""))
            if order is not None:
                row.update(_followed(order))
        session.put(facts, key, row)
    _add_up(session, kind, winners.values(), session.old.values())
    named = {Outcome.STALE, Outcome.CONFLICT}
    return [
        Judged(outcome, len(rows), tuple(rows) if outcome in named else ())
        for outcome, rows in outcomes.items()
    ]


def judge(row: Row, stands: Row | None) -> Outcome:
    if stands is None:
        return Outcome.CREATED
    one, two = modified_of(row), modified_of(stands)
    if one > two:
        return Outcome.UPDATED
    if one < two:
        return Outcome.STALE
    return Outcome.DUPLICATE if row["content"] == stands["content"] else Outcome.CONFLICT


async def sources_with_refunds(session: Session, sources: Sequence[str]) -> set[str]:
    stated = {key[1] for key in session.books.facts if key[0] is FactKind.REFUNDS}
    return stated & set(sources)


async def move_refunds(session: Session) -> bool:
    """The refunds of landed orders count where those do."""
    orders = {(row["source"], row["id"]): row for row in session.stage}
    was_moved = False
    for key, refund in list(session.books.facts.items()):
        order = orders.get((key[1], refund.get("order_id")))
        if key[0] is not FactKind.REFUNDS or order is None:
            continue
        moved = {**refund, **_followed(order)}
        if moved != refund:
            was_moved = True
            session.put(session.books.facts, key, moved)
            _add_up(session, FactKind.REFUNDS, [moved], [refund])
    return was_moved


def _followed(order: Row) -> Row:
    """What a refund has of its order, and whether it counts at all."""
    named = {name: order[name] for name in ("salesperson", "channel", "campaign", "currency")}
    return {**named, "counts": "t" if order["exclusion"] is None else "f"}


def _add_up(session: Session, kind: FactKind, new: Iterable[Row], old: Iterable[Row]) -> None:
    measures = session.books.measures
    for sign, rows in ((1, new), (-1, old)):
        for row in rows:
            for place, amount in counted(kind, row):
                count, whole = measures.get(place, (0, Decimal(0)))
                session.put(measures, place, (count + sign, whole + sign * amount))


def counted(kind: FactKind, row: Row) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    """Where a fact counts, and how much."""
    who = row["shop"] or "", row.get("salesperson") or "", row.get("campaign") or ""
    if kind is FactKind.ORDERS and row["paid_on"] is not None and row["exclusion"] is None:
        yield ("orders", row["paid_on"], *who), Decimal(row["paid_amount"] or 0)
    elif kind is FactKind.REFUNDS and row["status"] == "succeeded" and row["counts"] == "t":
        yield ("refunds", row["refunded_on"] or "", *who), Decimal(row["amount"] or 0)
    elif kind is FactKind.RATINGS:
        points = Decimal(row["score"] or 0) * 5 / Decimal(row["scale"] or 0)
        place = row["rated_on"] or "", row["shop"] or "", row["employee"] or "", ""
        yield ("ratings", *place), points


async def clear_measures(session: Session, _kind: FactKind) -> None:
    for place, (count, amount) in list(session.books.measures.items()):
        if count == 0:
            assert amount == 0, f"{amount} is left of nothing"
            session.drop(session.books.measures, place)


async def mark_touched(_session: Session, _at: datetime) -> None:
    """Nobody computes scores here."""


async def count_arrived(
    session: Session,
    kind: FactKind,
    arrived: Sequence[Arrived],
    *,
    at: datetime,
    page_sha256: bytes | None,
) -> None:
    """All comes from feeds on the schedule, whose success is not told here."""
    for each in arrived:
        feed = f"{each.shop}/{kind}"
        row = session.books.feeds[feed]
        _set(
            session,
            feed,
            accepted=row["accepted"] + each.applied + each.rejected,
            applied=row["applied"] + each.applied,
            rejected=row["rejected"] + each.rejected,
        )
        applied, rejected = session.books.counts.get((feed, each.came_on), (0, 0))
        came = applied + each.applied, rejected + each.rejected
        session.put(session.books.counts, (feed, each.came_on), came)


async def add_batch(
    session: Session, *, batch: str, counts: Mapping[Outcome, int], **_: Any
) -> None:
    session.put(session.books.batches, batch, sum(counts.values()))


def modified_of(row: Row) -> datetime:
    return datetime.fromisoformat(row["modified_at"] or "")
