"""The gift shop's invoice lines as orders and credit notes: a shop for each country it sells to.

As the data's own page defines: a sale line has a numeric invoice, and quantity and price above 0;
a return line's invoice starts with C; what is neither is left out.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.real.published import read_columns

FILE = "online_retail/online_retail.csv.gz"
SOURCE = "erp"
TIMEZONE = "Europe/London"
CURRENCY = "GBP"
UNITS_RETURNED = "units_returned"
_ZONE = ZoneInfo(TIMEZONE)
_SALE = re.compile(r"[0-9]+")
_NOT_CODE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass
class Document:
    """An invoice or a credit note."""

    number: str
    customer: str
    country: str
    times: set[str] = field(default_factory=set)
    """All but 43 have one; those have two a minute apart."""
    lines: list[tuple[str, int, Decimal]] = field(default_factory=list)
    """Stock code, quantity, amount."""

    @property
    def amount(self) -> Decimal:
        return sum((amount for _, _, amount in self.lines), Decimal(0))

    @property
    def at(self) -> datetime:
        """The first minute of its lines; they all lie on one day."""
        return datetime.fromisoformat(min(self.times)).replace(tzinfo=_ZONE)


def read_documents(data: Path) -> tuple[list[Document], list[Document]]:
    """All invoices with a sale line, and all credit notes."""
    sales: dict[str, Document] = {}
    returns: dict[str, Document] = {}
    columns = ("invoice_no", "stock_code", "quantity", "invoice_date", "unit_price")
    for number, sku, quantity, time, price, customer, country in read_columns(
        data / FILE, *columns, "customer_id", "country"
    ):
        pieces, each = int(quantity), Decimal(price)
        if number.startswith("C"):
            documents = returns
        elif _SALE.fullmatch(number) and pieces > 0 and each > 0:
            documents = sales
        else:
            continue
        document = documents.get(number)
        if document is None:
            document = documents[number] = Document(number, customer, country)
        document.times.add(time)
        document.lines.append((sku, pieces, pieces * each))
    return list(sales.values()), list(returns.values())


def shop_of(country: str) -> str:
    """The code of the shop that sells to a country."""
    return _NOT_CODE.sub("-", country).lower()


def shop_row(country: str) -> dict[str, Any]:
    return {
        "code": shop_of(country),
        "name": country,
        "marketplace": None,
        "timezone": TIMEZONE,
        "currency": CURRENCY,
        "kind": "online",
        "opened_on": None,
    }


def order_row(sale: Document) -> dict[str, Any]:
    """An invoice is paid when it is written; the data know of no other moment."""
    at = sale.at.isoformat()
    return {
        "source": SOURCE,
        "id": sale.number,
        "shop": shop_of(sale.country),
        "status": "paid",
        "created_at": at,
        "paid_at": at,
        "modified_at": at,
        "buyer": sale.customer or None,
        "currency": CURRENCY,
        "paid_amount": str(sale.amount),
        "lines": [
            {
                "id": str(number),
                "sku": _NOT_CODE.sub("-", sku),
                "quantity": quantity,
                "amount": str(amount),
            }
            for number, (sku, quantity, amount) in enumerate(sale.lines, start=1)
        ],
    }


def refund_row(credit: Document) -> dict[str, Any]:
    """A credit note names no invoice: it counts on its own day."""
    at = credit.at.isoformat()
    return {
        "source": SOURCE,
        "id": credit.number,
        "shop": shop_of(credit.country),
        "order": None,
        "status": "succeeded",
        "kind": "return",
        "amount": str(-credit.amount),
        "requested_at": at,
        "refunded_at": at,
        "modified_at": at,
    }


def measure_rows(sales: list[Document], credits_: list[Document]) -> list[dict[str, Any]]:
    """Pieces sent back by day and shop, also none: a refund states its amount alone."""
    pieces: dict[tuple[str, str], int] = {}
    for document in [*sales, *credits_]:
        key = (document.at.date().isoformat(), shop_of(document.country))
        returned = -sum(quantity for _, quantity, _ in document.lines if quantity < 0)
        pieces[key] = pieces.get(key, 0) + returned
    return [
        {
            "source": SOURCE,
            "day": day,
            "measure": UNITS_RETURNED,
            "amount": str(amount),
            "shop": shop,
            "modified_at": f"{day}T23:00:00+00:00",
        }
        for (day, shop), amount in sorted(pieces.items())
    ]
