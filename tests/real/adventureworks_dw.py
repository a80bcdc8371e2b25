"""The bicycle maker's reseller orders, quotas and daily stock as rows that an ERP would post."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.real.published import read_columns, read_rows

FOLDER = "adventureworks_dw"
SOURCE = "erp"
SHOP = "resellers"
POSITION = "salesperson"
UNIT = "sales"
TIMEZONE = "America/Los_Angeles"
CURRENCY = "USD"
LAST_WINDOW_ENDS = date(2013, 12, 29)
GOODS_ISSUED = "goods_issued_cost"
_ZONE = ZoneInfo(TIMEZONE)


@dataclass(frozen=True)
class Quota:
    """What a salesperson should sell from a day until the next quota's day."""

    employee: str
    start: date
    end: date
    amount: Decimal

    @property
    def period(self) -> str:
        return f"{self.start}/{self.end}"


def employee_of(key: str) -> str:
    return f"e-{key}"


def read_quotas(data: Path) -> list[Quota]:
    """A quota holds until the same person's next one, whatever quarter it says it is for."""
    stated: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for row in read_rows(data / FOLDER / "FactSalesQuota.csv.gz"):
        start = datetime.fromisoformat(row["Date"]).date()
        stated[employee_of(row["EmployeeKey"])][start] = Decimal(row["SalesAmountQuota"])
    return [
        Quota(employee, start, end, amounts[start])
        for employee, amounts in stated.items()
        for start, end in pairwise([*sorted(amounts), LAST_WINDOW_ENDS])
    ]


def shop_row() -> dict[str, Any]:
    return {
        "code": SHOP,
        "name": "Resellers",
        "marketplace": None,
        "timezone": TIMEZONE,
        "currency": CURRENCY,
        "kind": "offline",
        "opened_on": None,
    }


def employee_rows(quotas: list[Quota]) -> list[dict[str, Any]]:
    """A salesperson has joined with the first quota."""
    joined: dict[str, date] = {}
    for quota in quotas:
        joined[quota.employee] = min(quota.start, joined.get(quota.employee, quota.start))
    return [
        {
            "code": employee,
            "name": f"Salesperson {employee}",
            "manager": None,
            "joined_on": start.isoformat(),
            "left_on": None,
            "assignments": [
                {
                    "position": POSITION,
                    "unit": UNIT,
                    "shops": [],
                    "from": start.isoformat(),
                    "to": None,
                }
            ],
        }
        for employee, start in sorted(joined.items())
    ]


def target_rows(quotas: list[Quota]) -> list[dict[str, Any]]:
    return [
        {
            "subject": f"employee:{quota.employee}",
            "indicator": "net_sales",
            "period": quota.period,
            "level": "budget",
            "value": str(quota.amount),
            "reason": "quota",
        }
        for quota in quotas
    ]


def order_rows(data: Path) -> list[dict[str, Any]]:
    """Orders are booked and paid at the midnight of their day, and shipped a week later."""
    lines: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    columns = ("SalesOrderNumber", "EmployeeKey", "OrderDate", "ShipDate", "SalesOrderLineNumber")
    amounts = ("ProductKey", "OrderQuantity", "SalesAmount", "TotalProductCost")
    path = data / FOLDER / "FactResellerSales.csv.gz"
    for number, *rest in read_columns(path, *columns, *amounts):
        lines[number].append(tuple(rest))
    return [_order_row(number, rows) for number, rows in lines.items()]


def _order_row(number: str, lines: list[tuple[str, ...]]) -> dict[str, Any]:
    salesperson, ordered, shipped = lines[0][:3]
    return {
        "source": SOURCE,
        "id": number,
        "shop": SHOP,
        "status": "shipped",
        "created_at": _instant(ordered),
        "paid_at": _instant(ordered),
        "shipped_at": _instant(shipped),
        "modified_at": _instant(shipped),
        "salesperson": employee_of(salesperson),
        "currency": CURRENCY,
        "paid_amount": str(sum(Decimal(line[6]) for line in lines)),
        "cost_amount": str(sum(Decimal(line[7]) for line in lines)),
        "lines": [
            {"id": line, "sku": product, "quantity": int(quantity), "amount": amount}
            for _, _, _, line, product, quantity, amount, _ in lines
        ],
    }


def stock_rows(data: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The whole company's stock by day, and what the goods taken from it had cost."""
    skus: dict[str, int] = defaultdict(int)
    out: dict[str, int] = defaultdict(int)
    value: dict[str, Decimal] = defaultdict(Decimal)
    issued: dict[str, Decimal] = defaultdict(Decimal)
    columns = ("MovementDate", "UnitCost", "UnitsOut", "UnitsBalance")
    path = data / FOLDER / "FactProductInventory.csv.gz"
    for day, cost, units_out, balance in read_columns(path, *columns):
        skus[day] += 1
        out[day] += int(balance) <= 0
        value[day] += int(balance) * Decimal(cost)
        issued[day] += int(units_out) * Decimal(cost)
    stock = [
        {
            "source": SOURCE,
            "shop": SHOP,
            "day": day,
            "skus": skus[day],
            "skus_out": out[day],
            "stock_value": str(value[day]),
            "modified_at": _instant(day),
        }
        for day in sorted(skus)
    ]
    measures = [
        {
            "source": SOURCE,
            "day": day,
            "measure": GOODS_ISSUED,
            "amount": str(amount),
            "shop": SHOP,
            "modified_at": _instant(day),
        }
        for day, amount in sorted(issued.items())
    ]
    return stock, measures


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=_ZONE).isoformat()
