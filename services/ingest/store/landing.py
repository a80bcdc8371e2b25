"""How staged rows become facts and measures: statements of `landing.sql` and `measures.sql`, in
their order; how rows are added up stands in `services/schema/sums.sql`.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Table

from services.ingest.store.facts import TABLES
from services.ingest.store.late_facts import note_late
from services.ingest.store.statements import blocks, fill
from services.schema.db import WriteSession
from services.schema.sums import sums_of
from services.schema.tables import measures
from services.schema.words import Exclusion, FactKind, Outcome

_MEASURES: dict[FactKind, Table] = {
    FactKind.ORDERS: measures.order_measures,
    FactKind.REFUNDS: measures.refund_measures,
    FactKind.RATINGS: measures.rating_measures,
    FactKind.CHATS: measures.chat_measures,
    FactKind.TRAFFIC: measures.traffic_measures,
    FactKind.CAMPAIGNS: measures.campaign_measures,
}
# The planner must see each time how many rows are staged; ten thousand are sorted in memory, and so
# they are added up, for sums are written in the order of their key anyway. Of a
# tenant that is new it knows nothing, or that there are no rows: what is stored is reached by keys,
# and joined by hashing, so that the worst it can choose is one pass over the tenant's rows. The
# transaction is idle while the next rows are read, on a busy machine for long.
_SETTINGS = """
SET LOCAL plan_cache_mode = force_custom_plan;
SET LOCAL work_mem = '64MB';
SET LOCAL jit = off;
SET LOCAL idle_in_transaction_session_timeout = '60s';
SET LOCAL enable_seqscan = off;
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_hashagg = off
"""
# The columns that lead a key and suffice to find its rows.
_LEADING = 3
_LANDED = frozenset({Outcome.CREATED, Outcome.UPDATED})


@dataclass(frozen=True, slots=True)
class Judged:
    """How many rows of a chunk had an outcome; the numbers of those that are named."""

    outcome: Outcome
    rows: int
    numbers: tuple[int, ...]


async def prepare_landing(session: WriteSession, kind: FactKind) -> None:
    """Make this connection's staging tables, unless it has them."""
    driver = await session.driver()
    await driver.execute(_SETTINGS)
    kinds = [kind, FactKind.REFUNDS] if kind is FactKind.ORDERS else [kind]
    tables = [f"{part}_{each}" for each in kinds for part in ("stage", "old")]
    if await driver.fetchval(blocks("landing.sql")["is_made"], [*tables, "touched"]):
        return
    for each in kinds:
        for table in (f"stage_{each}", f"old_{each}"):
            names = _names_of_facts(each) | {"table": table}
            await driver.execute(fill(blocks("landing.sql")["make"], names))
    await driver.execute(blocks("landing.sql")["make_touched"])


async def stage(
    session: WriteSession, kind: FactKind, columns: Sequence[str], lines: bytes
) -> None:
    """Put a chunk's lines, each with its row's number at the end, in the place of the last ones."""
    driver = await session.driver()
    await _empty(session, kind)
    await driver.copy_to_table(
        f"stage_{kind}", source=io.BytesIO(lines), columns=[*columns, "row"], format="text"
    )


async def keep_times(session: WriteSession, kind: FactKind) -> None:
    """Let staged rows that say what is stored keep the time of what is stored."""
    driver = await session.driver()
    (leading,) = await driver.fetch(_statement(kind, "leading"))
    await driver.execute(_statement(kind, "keep_times"), session.tenant, *leading)


async def land(
    session: WriteSession, kind: FactKind, *, each_key_once: bool, overruled: bool
) -> list[Judged]:
    """Judge the staged rows, store those that stand, and add what they change to the measures.

    The rows that landed are still staged afterwards. `overruled` says that people have excluded
    orders, of which some may be among these.
    """
    judged = await _judge(session, kind, each_key_once=each_key_once)
    if not any(each.outcome in _LANDED for each in judged):
        return judged
    driver = await session.driver()
    if kind is FactKind.REFUNDS:
        (orders,) = await driver.fetch(blocks("landing.sql")["orders_of_refunds"])
        await driver.execute(blocks("landing.sql")["adopt"], session.tenant, *orders)
    if kind is FactKind.ORDERS and overruled:
        await driver.execute(blocks("landing.sql")["overrule"], session.tenant)
    is_new = [each.outcome for each in judged] == [Outcome.CREATED]
    await driver.execute(_statement(kind, "land_new" if is_new else "land"), session.tenant)
    await _add_up(session, kind)
    if kind is FactKind.ORDERS and any(each.outcome is Outcome.UPDATED for each in judged):
        await driver.execute(blocks("measures.sql")["touch_buyers"])
    return judged


async def restate_order(
    session: WriteSession, source: str, id: str, *, exclusion: Exclusion | None
) -> None:
    """Exclude a stored order whatever its source says, or with null as its source says.

    It is staged afterwards as if it had landed.
    """
    driver = await session.driver()
    kind = FactKind.ORDERS
    await _empty(session, kind)
    await driver.execute(_statement(kind, "take_order"), session.tenant, source, id)
    await driver.execute(_statement(kind, "restage_order"), exclusion)
    await driver.execute(blocks("landing.sql")["restate_order"], session.tenant, source, id)
    await _add_up(session, kind)


async def move_refunds(session: WriteSession) -> bool:
    """Let the refunds of landed orders follow them to their people, in or out of the sums.

    Whether there were any to move.
    """
    driver = await session.driver()
    kind = FactKind.REFUNDS
    await driver.execute(_statement(kind, "empty"))
    (orders,) = await driver.fetch(blocks("landing.sql")["landed_orders"])
    await driver.execute(_statement(kind, "find_followers"), session.tenant, *orders)
    if not await driver.fetchval("SELECT EXISTS (SELECT FROM old_refunds)"):
        return False
    await driver.execute(_statement(kind, "move_followers"))
    await driver.execute(_statement(kind, "follow"), session.tenant)
    await _add_up(session, kind)
    return True


async def sources_with_refunds(session: WriteSession, sources: Sequence[str]) -> set[str]:
    """Those of some sources that have ever stated a refund."""
    driver = await session.driver()
    statement = (
        "SELECT EXISTS (SELECT FROM refund_facts AS f WHERE f.tenant_id = $1 AND f.source = $2)"
    )
    return {
        source for source in sources if await driver.fetchval(statement, session.tenant, source)
    }


async def replace_rejected(session: WriteSession, kind: FactKind, batch: str) -> None:
    """Forget refused rows of the facts that have just landed, if they came before."""
    driver = await session.driver()
    await driver.execute(_statement(kind, "replace_rejected"), session.tenant, kind.value, batch)


async def clear_measures(session: WriteSession, kind: FactKind) -> None:
    """Delete what nothing is left of; only what was replaced can have left anything."""
    driver = await session.driver()
    for each in (kind, FactKind.REFUNDS) if kind is FactKind.ORDERS else (kind,):
        if each in _MEASURES:
            await driver.execute(_statement(each, "clear"), session.tenant)


async def mark_touched(session: WriteSession, at: datetime) -> None:
    """Mark the days whose measures have changed, and wake whoever waits for them."""
    driver = await session.driver()
    await driver.execute(blocks("measures.sql")["mark"], session.tenant, at)
    await driver.execute(blocks("measures.sql")["notify"], str(session.tenant))


async def _empty(session: WriteSession, kind: FactKind) -> None:
    """Dear, and needless for the first chunk of a transaction."""
    driver = await session.driver()
    if await driver.fetchval(_statement(kind, "is_filled")):
        await driver.execute(_statement(kind, "empty"))


async def _judge(session: WriteSession, kind: FactKind, *, each_key_once: bool) -> list[Judged]:
    driver = await session.driver()
    (leading,) = await driver.fetch(_statement(kind, "leading"))
    remembered = await driver.execute(_statement(kind, "remember"), session.tenant, *leading)
    if each_key_once and remembered == "INSERT 0 0":
        rows = await driver.fetchval(_statement(kind, "count"))
        return [Judged(Outcome.CREATED, rows, ())]
    judged = [
        Judged(Outcome(row["outcome"]), row["rows"], tuple(row["numbers"] or ()))
        for row in await driver.fetch(_statement(kind, "judge"))
    ]
    if any(each.outcome not in _LANDED for each in judged):
        await driver.execute(_statement(kind, "forget"))
    return judged


async def _add_up(session: WriteSession, kind: FactKind) -> None:
    driver = await session.driver()
    await note_late(session, kind)
    if kind in _MEASURES:
        await driver.execute(_statement(kind, "add"), session.tenant)
    else:
        await driver.execute(blocks("measures.sql")[f"touch_{kind}"])


@cache
def _statement(kind: FactKind, name: str) -> str:
    """A statement for one kind; what stands for the names in braces is all from our own tables."""
    if name in blocks("landing.sql"):
        return fill(blocks("landing.sql")[name], _names_of_facts(kind))
    return fill(blocks("measures.sql")[name], _names_of_measures(kind))


def _names_of_facts(kind: FactKind) -> dict[str, str]:
    table = TABLES[kind]
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    columns = [column.name for column in table.columns if column.name != "tenant_id"]
    followed = {name: f"s.{name}" for name in ("salesperson", "channel", "campaign", "currency")}
    followed["counts"] = "s.exclusion IS NULL"
    restated = {
        "exclusion": "coalesce($1::text, o.stated_exclusion)",
        "stated_exclusion": "CASE WHEN $1::text IS NOT NULL THEN o.exclusion END",
    }
    known_by = _listed(f"s.{name}" for name in key if name != "source")
    return {
        "facts": table.name,
        "stage": f"stage_{kind}",
        "old": f"old_{kind}",
        "key": _listed(key),
        "fact": "s.id" if key == ["source", "id"] else f"concat_ws('/', {known_by})",
        "columns": _listed(columns),
        "s.key": _listed(f"s.{name}" for name in key),
        "t.columns": _listed(f"t.{name}" for name in columns),
        "t.key": _listed(f"t.{name}" for name in key),
        "t.key=s.key": " AND ".join(f"t.{name} = s.{name}" for name in key),
        "restated": _listed(restated.get(name, f"o.{name}") for name in columns),
        "moved": _listed(followed.get(name, f"o.{name}") for name in columns),
        "t.k=any": " AND ".join(
            f"t.{name} = ANY (${place})" for place, name in enumerate(key[:_LEADING], 2)
        ),
        "arrays": _listed(
            f"coalesce(array_agg(DISTINCT {name}), '{{}}')" for name in key[:_LEADING]
        ),
        "o.key=s.key": " AND ".join(f"o.{name} = s.{name}" for name in key),
        "c=excluded.c": _listed(f"{name} = excluded.{name}" for name in columns if name not in key),
    }


def _names_of_measures(kind: FactKind) -> dict[str, str]:
    table = _MEASURES[kind]
    key = [column.name for column in table.primary_key if column.name != "tenant_id"]
    values = [column.name for column in table.columns if not column.primary_key]
    employee = "employee" if "employee" in key else "'' AS employee"
    return {
        "sums": sums_of(kind),
        "measures": table.name,
        "key": _listed(key),
        "values": _listed(values),
        "zeros": _listed("0" for _ in values),
        "v=m.v+excluded.v": _listed(f"{name} = m.{name} + excluded.{name}" for name in values),
        "touched": f"day, shop, '' AS unit, {employee}",
    }


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)
