"""Which source owns what of a shop, who has told its days, and who may write now."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.ingest.store.facts import DAYS, TABLES
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.facts import TOLD
from services.schema.tables.facts import lanes, shop_sources
from services.schema.tables.feeds import feeds
from services.schema.words import FactKind


async def lock_lane(session: WriteSession, name: str) -> None:
    """One transaction at a time adds to a lane: the rows it reads as old are those it replaces."""
    await session.execute(
        insert(lanes).values(tenant_id=session.tenant, name=name).on_conflict_do_nothing()
    )
    await session.execute(
        select(lanes.c.name)
        .where(lanes.c.tenant_id == session.tenant, lanes.c.name == name)
        .with_for_update()
    )


async def read_owners(session: ReadSession) -> dict[str, str]:
    """The source of each shop that has one."""
    statement = select(shop_sources).where(shop_sources.c.tenant_id == session.tenant)
    return {row.shop: row.source for row in await session.execute(statement)}


async def claim_shops(session: WriteSession, owners: Mapping[str, str]) -> None:
    """Make sources the owners of shops that have none; the lane of sales must be held."""
    await session.execute_many(
        insert(shop_sources),
        [
            {"tenant_id": session.tenant, "shop": shop, "source": source}
            for shop, source in sorted(owners.items())
        ],
    )


async def read_pulled_shops(session: ReadSession, kind: FactKind) -> dict[str, frozenset[str]]:
    """The shops of which a marketplace is asked for a kind of fact, each with the sources."""
    statement = select(feeds.c.shop, feeds.c.source).where(
        feeds.c.tenant_id == session.tenant,
        feeds.c.kind == kind.value,
        feeds.c.due_at.is_not(None),
    )
    found: dict[str, frozenset[str]] = {}
    for row in await session.execute(statement):
        found[row.shop] = found.get(row.shop, frozenset()) | {row.source}
    return found


async def read_tools(
    session: ReadSession, kind: FactKind, shops: Sequence[str]
) -> dict[str, set[str]]:
    """All sources of a kind of fact by shop."""
    statement = select(feeds.c.shop, feeds.c.source).where(
        feeds.c.tenant_id == session.tenant, feeds.c.kind == kind.value, feeds.c.shop.in_(shops)
    )
    found: dict[str, set[str]] = {}
    for row in await session.execute(statement):
        found.setdefault(row.shop, set()).add(row.source)
    return found


async def read_told(
    session: ReadSession,
    kind: FactKind,
    *,
    shops: Sequence[str],
    sources: Sequence[str],
    first: date,
    last: date,
) -> dict[tuple[str, str], set[str]]:
    """By shop and day who of some sources has stated what marketplaces tell of it (`TOLD`)."""
    table = TABLES[kind].c
    day = table[DAYS[kind][0]]
    rows = select(table.shop, day.label("told"), table.source).where(
        table.tenant_id == session.tenant,
        table.source.in_(sources),
        table.shop.in_(shops),
        day.between(first, last),
        _tells(kind),
    )
    found: dict[tuple[str, str], set[str]] = {}
    for row in await session.execute(rows.distinct()):
        found.setdefault((row.shop, row.told.isoformat()), set()).add(row.source)
    return found


def _tells(kind: FactKind) -> ColumnElement[bool]:
    """As `tells` judges a fact that comes."""
    columns = TABLES[kind].c
    if kind is FactKind.CHATS:
        return or_(columns.totals.is_(None), columns.totals["chats"].as_integer() > 0)
    if kind is FactKind.MEASURES:
        return and_(columns.measure.in_(TOLD[kind]), columns.amount != 0)
    return or_(*(func.coalesce(columns[name], 0) != 0 for name in TOLD[kind]))
