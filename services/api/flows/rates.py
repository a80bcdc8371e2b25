"""Rates of exchange are stated, all of a request or none; what is stated again replaces."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from services.api.flows.live import mark_stale
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.rates import read_same_rates, save_rates
from services.schema.db import WriteSession
from services.schema.errors import Fault, Invalid
from services.schema.money import plain
from services.schema.shapes.people import Caller, Rate


async def put_rates(
    session: WriteSession, stated: Sequence[Rate], *, caller: Caller, at: datetime
) -> int:
    """Keep rates; how many of them are new or changed."""
    _check(stated)
    await lock_noun(session, "rates")
    kept = {_key(rate): rate.rate for rate in await read_same_rates(session, stated)}
    changed = [rate for rate in stated if kept.get(_key(rate)) != rate.rate]
    if changed:
        await save_rates(session, changed)
        await mark_stale(session, employees=None, at=at)
        await append_entry(
            session,
            at=at,
            caller=caller,
            action="rates.put",
            subject="rates",
            detail={"rates": [_described(rate, kept.get(_key(rate))) for rate in changed]},
        )
    return len(changed)


def _check(stated: Sequence[Rate]) -> None:
    faults = []
    seen = set()
    for index, rate in enumerate(stated):
        if rate.rate <= 0:
            faults.append(Fault(f"/{index}/rate", "rate_not_positive", "A rate is above zero."))
        if rate.from_currency == rate.to_currency:
            detail = f"{rate.from_currency} is always worth itself."
            faults.append(Fault(f"/{index}/to", "same_currency", detail))
        if _key(rate) in seen:
            detail = "The same currencies and day stand further up with a rate of their own."
            faults.append(Fault(f"/{index}", "stated_twice", detail))
        seen.add(_key(rate))
    if faults:
        raise Invalid(faults[0].code, faults[0].detail, faults[:100])


def _key(rate: Rate) -> tuple[object, ...]:
    return rate.from_currency, rate.to_currency, rate.day


def _described(rate: Rate, before: Decimal | None) -> dict[str, object]:
    return {
        "from": rate.from_currency,
        "to": rate.to_currency,
        "day": rate.day.isoformat(),
        "before": None if before is None else plain(before),
        "rate": plain(rate.rate),
    }
