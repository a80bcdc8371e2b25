"""Facts that may be late are noted as they land: statements of `late_facts.sql`."""

from functools import cache

from services.ingest.store.facts import TABLES
from services.ingest.store.statements import blocks, fill
from services.schema.db import WriteSession
from services.schema.words import FactKind

_ROWS = {FactKind.TRAFFIC: "daily", FactKind.STOCK: "daily"}
"""By which statement the facts of a kind are listed, where it has not the kind's own name."""
# What no sum is made of: an order of October that is completed in November is not late.
_UNCOUNTED = frozenset({"tenant_id", "modified_at", "content", "completed_at", "completed_on"})


async def note_late(session: WriteSession, kind: FactKind) -> None:
    """Note what has just landed, is still staged, and lies in periods that are over.

    Where no cycle's period is over this is one short question.
    """
    driver = await session.driver()
    sql = blocks("late_facts.sql")
    horizon = await driver.fetchval(sql["horizon"], session.tenant)
    if horizon is None:
        return
    given: list[object] = [session.tenant, kind.value, horizon]
    if kind is FactKind.REFUNDS:
        (orders,) = await driver.fetch(blocks("landing.sql")["orders_of_refunds"])
        given += orders
    await driver.execute(_note(kind), *given)


@cache
def _note(kind: FactKind) -> str:
    table = TABLES[kind]
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    counted = [
        column.name
        for column in table.columns
        if column.name not in _UNCOUNTED and column.name not in key
    ]
    sql = blocks("late_facts.sql")
    known_by = ", ".join(f"f.{name}" for name in key if name != "source")
    rows = fill(sql[_ROWS.get(kind, kind.value)], {"f.fact": f"concat_ws('/', {known_by})"})
    return fill(
        sql["note"],
        {
            "stage": f"stage_{kind}",
            "old": f"old_{kind}",
            "key": ", ".join(key),
            "s.key": ", ".join(f"s.{name}" for name in key),
            "o.key=s.key": " AND ".join(f"o.{name} = s.{name}" for name in key),
            "s.counted": ", ".join(_counting(f"s.{name}") for name in counted),
            "o.counted": ", ".join(_counting(f"o.{name}") for name in counted),
            "rows": rows,
        },
    )


def _counting(column: str) -> str:
    """A column as far as it is counted: of the stages of a sale only whether it was called off."""
    return f"({column} IN ('cancelled', 'succeeded'))" if column.endswith(".status") else column
