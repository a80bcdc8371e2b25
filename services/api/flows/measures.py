"""Measures of a tenant's own are declared before amounts are posted under their names."""

from collections.abc import Callable
from datetime import datetime

from services.api.core.indicators import check_own_code
from services.api.core.measures import built_in_measures
from services.api.flows.live import mark_stale
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.measures import read_own_measures, save_own_measure
from services.schema.db import WriteSession
from services.schema.shapes.measures import Measure
from services.schema.shapes.people import Caller
from services.schema.words import Outcome

MEASURES = "measures"
Permit = Callable[[Measure | None], None]
"""Sees the measure as it is, once nobody else can change it, and may refuse the new one."""


async def declare_measure(
    session: WriteSession, measure: Measure, *, permit: Permit, caller: Caller, at: datetime
) -> Outcome:
    """Create a measure or name it anew; what was posted under its code stays as it is."""
    check_own_code(measure.code, built_in_measures(), "measure")
    await lock_noun(session, MEASURES)
    before = (await read_own_measures(session, [measure.code])).get(measure.code)
    permit(before)
    if before == measure:
        return Outcome.DUPLICATE
    await save_own_measure(session, measure, at=at)
    if before is not None and before.unit is not measure.unit:
        # Money is converted, a count is not.
        await mark_stale(session, employees=None, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="measure.declare",
        subject=f"measure:{measure.code}",
        detail={"zh": measure.zh, "en": measure.en, "unit": measure.unit.value},
    )
    return Outcome.UPDATED if before else Outcome.CREATED
