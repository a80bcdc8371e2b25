"""Orders are excluded by people and given back, and the measures move in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from services.door.audit import append_entry
from services.ingest.core.exclusions import (
    at_place,
    check_known,
    check_not_excluded,
    check_not_undone,
    check_others,
)
from services.ingest.flows.landing import SALES
from services.ingest.store.exclusions import (
    find_line,
    find_order,
    insert_entry,
    insert_undoing,
    read_entries_of,
)
from services.ingest.store.landing import (
    clear_measures,
    mark_touched,
    move_refunds,
    prepare_landing,
    restate_order,
)
from services.ingest.store.sources import lock_lane
from services.schema.db import WriteSession
from services.schema.errors import Conflict, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.money import plain
from services.schema.shapes.exclusions import (
    LedgerEntry,
    LedgerLine,
    SoldOrder,
    StatedExclusion,
    Undoing,
)
from services.schema.shapes.people import Caller
from services.schema.words import Exclusion, FactKind


async def exclude_order(
    session: WriteSession, stated: StatedExclusion, *, caller: Caller, at: datetime
) -> LedgerLine:
    """Let an order count in gross sales alone, and its refunds nowhere, whatever its source says.

    It stays so when the order is posted again, until the exclusion is undone.
    """
    await _take_the_lane(session)
    return await _exclude(session, stated, caller=caller, at=at)


async def exclude_orders(
    session: WriteSession, wanted: Sequence[StatedExclusion], *, caller: Caller, at: datetime
) -> list[LedgerLine]:
    """The same of many orders, each as if alone; a refusal names the one and takes all back."""
    await _take_the_lane(session)
    found = []
    for place, stated in enumerate(wanted):
        try:
            found.append(await _exclude(session, stated, caller=caller, at=at))
        except Conflict as refusal:
            raise at_place(refusal, place) from None
    return found


async def _exclude(
    session: WriteSession, stated: StatedExclusion, *, caller: Caller, at: datetime
) -> LedgerLine:
    source, order_id, reason = stated.source, stated.order, stated.reason
    order = check_known(await find_order(session, source, order_id))
    check_others(order, caller)
    check_not_excluded(await read_entries_of(session, source, order_id))
    entry = LedgerEntry(
        id=new_id(IdKind.EXCLUSION),
        reason=reason,
        note=stated.note,
        rule=stated.rule,
        author=caller.name,
        stated_at=at,
        undone=None,
    )
    await insert_entry(session, order, entry)
    line = LedgerLine(entry, await _restate(session, order, reason, at=at))
    detail = {"id": entry.id, "reason": reason.value, "note": stated.note, "rule": stated.rule}
    await _put_down(session, "order.exclude", line.order, detail, caller=caller, at=at)
    return line


async def undo_exclusion(
    session: WriteSession, id: str, *, note: str, caller: Caller, at: datetime
) -> LedgerLine:
    """Take an exclusion back: the order counts as its source says of it now."""
    await _take_the_lane(session)
    line = await find_line(session, id)
    if line is None:
        raise NotFound("exclusion")
    check_others(line.order, caller)
    check_not_undone(line.entry)
    undoing = Undoing(new_id(IdKind.EXCLUSION), note, caller.name, at)
    await insert_undoing(session, line, undoing)
    order = await _restate(session, line.order, None, at=at)
    stated = {"id": undoing.id, "undoes": id, "note": note}
    await _put_down(session, "order.restore", order, stated, caller=caller, at=at)
    return LedgerLine(replace(line.entry, undone=undoing), order)


async def _take_the_lane(session: WriteSession) -> None:
    """Nobody lands orders or refunds meanwhile: what is read as it stands is what is replaced."""
    await prepare_landing(session, FactKind.ORDERS)
    await lock_lane(session, SALES)


async def _restate(
    session: WriteSession, order: SoldOrder, exclusion: Exclusion | None, *, at: datetime
) -> SoldOrder:
    await restate_order(session, order.source, order.id, exclusion=exclusion)
    await move_refunds(session)
    await clear_measures(session, FactKind.ORDERS)
    await mark_touched(session, at)
    stands = await find_order(session, order.source, order.id)
    assert stands is not None, "the order was there a moment ago, and the lane is held"
    return stands


async def _put_down(
    session: WriteSession,
    action: str,
    order: SoldOrder,
    stated: Mapping[str, object],
    *,
    caller: Caller,
    at: datetime,
) -> None:
    amount = {"paid_amount": plain(order.paid_amount), "currency": order.currency}
    await append_entry(
        session,
        at=at,
        caller=caller,
        action=action,
        subject=f"order:{order.source}/{order.id}",
        detail={**stated, **amount},
    )
