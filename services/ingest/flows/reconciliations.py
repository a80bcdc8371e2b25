"""Days as others state them are kept, and held against ours as it stands when somebody asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.door.audit import append_entries
from services.ingest.core.reconciliations import days_of, reconcile
from services.ingest.store.people import read_shops
from services.ingest.store.reconciliations import (
    keep_statement,
    key_of,
    read_own_day,
    read_standing,
)
from services.schema.chain import make_deed
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Fault, Invalid
from services.schema.money import plain
from services.schema.shapes.people import Caller, Shop
from services.schema.shapes.reconciliations import DayStatement, Reconciliation


async def state_days(
    session: WriteSession, statements: Sequence[DayStatement], *, caller: Caller, at: datetime
) -> list[DayStatement]:
    """Keep what is said of some days, all or none; those that stand, newer ones are kept."""
    await _check_shops(session, statements)
    kept = [stated for stated in statements if await keep_statement(session, stated)]
    deeds = [
        make_deed(
            "day.state",
            f"day:{stated.shop}/{stated.day}/{stated.source}",
            {
                "basis": stated.basis.value,
                "orders": stated.orders,
                "amount": None if stated.amount is None else plain(stated.amount),
            },
        )
        for stated in kept
    ]
    await append_entries(session, at=at, caller=caller, deeds=deeds)
    return kept


async def state_file(
    session: WriteSession, statements: Sequence[DayStatement], *, caller: Caller, at: datetime
) -> int:
    """Keep what a file says of days, and count them; what it has said already is not said again."""
    if not statements:
        return 0
    standing = await read_standing(session, statements)
    new = [stated for stated in statements if standing.get(key_of(stated)) != stated]
    return len(await state_days(session, new, caller=caller, at=at))


async def reconcile_days(
    session: ReadSession, statements: Sequence[DayStatement]
) -> list[Reconciliation]:
    """Each day's two totals, and what lies between them."""
    shops: Mapping[str, Shop] = await read_shops(session)
    found = []
    for stated in statements:
        shop = shops[stated.shop]
        start, end = days_of(stated, shop.timezone)
        own = await read_own_day(session, stated, start=start, end=end, currency=shop.currency)
        found.append(reconcile(stated, own, currency=shop.currency))
    return found


async def _check_shops(session: ReadSession, statements: Sequence[DayStatement]) -> None:
    shops = await read_shops(session)
    faults = [
        Fault(f"/{number}/shop", "unknown_shop", f"There is no shop {stated.shop}.")
        for number, stated in enumerate(statements)
        if stated.shop not in shops
    ]
    if faults:
        raise Invalid("unknown_shop", faults[0].detail, faults)
