"""A company made for tests: its facts and their daily sums, written as ingest would leave them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Table, insert

from services.schema.db import WriteSession
from services.schema.shapes.people import (
    Assignment,
    Employee,
    Shop,
    ShopShare,
    Subject,
    Tenant,
    Unit,
)
from services.schema.tables.facts import order_facts
from services.schema.tables.measures import order_measures
from services.schema.words import ShopKind, SubjectKind, WeekStart
from tests.databases import TestDatabase

MODIFIED = datetime(2026, 1, 1, tzinfo=UTC)
COMPANY = Subject(SubjectKind.COMPANY, "")
_numbers = count(1)


def tenant(number: int, *, currency: str = "CNY") -> Tenant:
    return Tenant(number, "Qinghe", currency, "Asia/Shanghai", WeekStart.MONDAY, "01-01")


def shop(code: str, *, opened_on: date | None = None, kind: ShopKind = ShopKind.ONLINE) -> Shop:
    return Shop(code, code, None, "Asia/Shanghai", "CNY", kind, opened_on)


def unit(code: str, parent: str | None = None) -> Unit:
    return Unit(code, code, parent, None)


def employee(code: str, *assignments: Assignment, **fields: Any) -> Employee:
    days = {"joined_on": None, "left_on": None, "manager": None} | fields
    return Employee(code=code, name=code, assignments=assignments, **days)


def assignment(
    unit: str,
    shops: Mapping[str, str] | None = None,
    *,
    start: date = date(2026, 1, 1),
    end: date | None = None,
    position: str = "agent",
) -> Assignment:
    shared = tuple(ShopShare(code, Decimal(share)) for code, share in (shops or {}).items())
    return Assignment(position, unit, shared, start, end)


def person(code: str) -> Subject:
    return Subject(SubjectKind.EMPLOYEE, code)


@asynccontextmanager
async def undone(database: TestDatabase, tenant: int) -> AsyncIterator[WriteSession]:
    """A session that may write facts too; what it did is undone at its end."""
    async with database.undone("kaohe", tenant) as session:
        yield session


@dataclass(kw_only=True)
class Sale:
    """An order as the tests state it; paid unless said otherwise."""

    paid_on: date | None
    shop: str = "a"
    amount: str = "100"
    buyer: str | None = None
    salesperson: str = ""
    channel: str = ""
    campaign: str = ""
    currency: str = "CNY"
    exclusion: str | None = None
    cost: str = "0"
    discount: str = "0"
    skus: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Each SKU with its tags."""
    source: str = "erp"
    id: str = field(default_factory=lambda: f"so-{next(_numbers):06}")


async def add_sales(session: WriteSession, *sales: Sale) -> None:
    """Keep orders and add them up by day, shop, salesperson, channel, campaign and currency."""
    sums: dict[tuple[object, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for sale in sales:
        await session.execute(insert(order_facts).values(_fact(session, sale)))
        if sale.paid_on is None:
            continue
        key = (sale.paid_on, sale.shop, sale.salesperson, sale.channel, sale.campaign)
        for name, amount in _sums(sale).items():
            sums[*key, sale.currency][name] += amount
    names = ("day", "shop", "employee", "channel", "campaign", "currency")
    rows = [{**dict(zip(names, key, strict=True)), **added} for key, added in sums.items()]
    await add_rows(session, order_measures, *rows)


async def add_rows(session: WriteSession, table: Table, *rows: Mapping[str, object]) -> None:
    """Write rows of any table of the tenant; texts of a key that are left out are empty."""
    for row in rows:
        empty = {
            column.name: ""
            for column in table.primary_key
            if column.name in {"shop", "employee", "unit", "channel", "campaign"}
        }
        filled = {"tenant_id": session.tenant, **empty, **row}
        if "records" in table.c:
            filled.setdefault("records", 1)
        if "currency" in table.c:
            filled.setdefault("currency", "CNY")
        if "content" in table.c:
            filled |= {"content": b"", "modified_at": MODIFIED}
            filled.setdefault("source", "erp")
        await session.execute(insert(table).values(filled))


def _sums(sale: Sale) -> dict[str, Decimal]:
    amount = Decimal(sale.amount)
    if sale.exclusion is not None:
        return {
            "records": Decimal(1),
            "gross_amount": amount,
            "excluded_orders": Decimal(1),
            "excluded_amount": amount,
        }
    return {
        "records": Decimal(1),
        "gross_amount": amount,
        "paid_orders": Decimal(1),
        "paid_amount": amount,
        "cost_amount": Decimal(sale.cost),
        "discount_amount": Decimal(sale.discount),
    }


def _fact(session: WriteSession, sale: Sale) -> dict[str, object]:
    paid_at = None if sale.paid_on is None else datetime.combine(sale.paid_on, time(12), UTC)
    tags = {tag for _, own in sale.skus for tag in own}
    tagged = {column.name: 0 for column in order_facts.c if column.name.endswith("_amount")}
    return {
        **tagged,
        "tenant_id": session.tenant,
        "source": sale.source,
        "id": sale.id,
        "modified_at": MODIFIED,
        "content": b"",
        "shop": sale.shop,
        "status": "unpaid" if sale.paid_on is None else "paid",
        "created_at": MODIFIED,
        "created_on": MODIFIED.date(),
        "paid_at": paid_at,
        "paid_on": sale.paid_on,
        "buyer": sale.buyer,
        "salesperson": sale.salesperson,
        "channel": sale.channel,
        "campaign": sale.campaign,
        "currency": sale.currency,
        "paid_amount": Decimal(sale.amount),
        "discount_amount": Decimal(sale.discount),
        "cost_amount": Decimal(sale.cost),
        "exclusion": sale.exclusion,
        "units_sold": len(sale.skus),
        "skus": len(sale.skus),
        **{f"{tag}_amount": Decimal(sale.amount) for tag in tags},
        "lines": [
            {"id": str(i), "sku": sku, "quantity": 1, "amount": "1", "tags": list(own)}
            for i, (sku, own) in enumerate(sale.skus)
        ],
    }
