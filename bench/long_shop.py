"""A WooCommerce site with as many orders as wanted, made as they are asked for and never kept.

What it answers is what the sandbox's site would; it only finds a page by arithmetic.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.types import Receive, Scope, Send

PATH = "/wp-json/wc/v3/"
READY = f"{PATH}products/reviews"
"""Nobody has written any, and nothing is on a shelf."""


@dataclass(frozen=True)
class History:
    """So many orders, evenly over the days from a first one on; none changes after it is placed."""

    first: date
    days: int
    orders: int

    @property
    def pace(self) -> timedelta:
        return timedelta(days=self.days) / self.orders

    def number_at(self, moment: datetime) -> int:
        """The first order that was placed at an instant or later."""
        begun = datetime.combine(self.first, datetime.min.time(), UTC)
        return min(self.orders, max(0, -((begun - moment) // self.pace)))

    def row(self, number: int) -> dict[str, Any]:
        begun = datetime.combine(self.first, datetime.min.time(), UTC)
        placed = (begun + number * self.pace).replace(microsecond=0, tzinfo=None).isoformat()
        total = f"{10 + number % 900}.{number % 100:02}"
        times = {
            f"date_{what}{zone}": placed
            for what in ("created", "modified", "paid", "completed")
            for zone in ("", "_gmt")
        }
        line = {"id": number + 1, "sku": f"QH-{number % 500}", "quantity": 1, "total": total}
        return {
            "id": number + 1,
            "number": str(number + 1),
            "status": "completed",
            "currency": "CNY",
            **times,
            "total": total,
            "total_tax": "0.00",
            "shipping_total": "0.00",
            "discount_total": "0.00",
            "customer_id": number % 100_000,
            "billing": {"first_name": "三", "phone": "13800138000", "email": "a@b.c"},
            "payment_method": "alipay",
            "meta_data": [],
            "line_items": [
                {
                    **line,
                    "product_id": 10_000 + number % 500,
                    "subtotal": total,
                    "total_tax": "0.00",
                    "meta_data": [],
                }
            ],
            "coupon_lines": [],
            "refunds": [],
        }


class LongShop:
    """The site: its list of orders, page by page, and nothing else."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        params = dict(parse_qsl(scope["query_string"].decode()))
        rows: list[dict[str, Any]] = []
        status, total = 200, 0
        match scope["path"].partition(PATH)[2]:
            case "orders":
                rows, total = self._page(params)
            case "products" | "products/reviews":
                pass
            case _:
                status = 404
        head = [(b"content-type", b"application/json"), (b"x-wp-total", str(total).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(rows).encode()})

    def _page(self, params: Mapping[str, str]) -> tuple[list[dict[str, Any]], int]:
        first = self._history.number_at(_instant(params["modified_after"]) + timedelta(seconds=1))
        end = self._history.number_at(_instant(params["modified_before"]))
        size, page = int(params["per_page"]), int(params["page"])
        start = first + (page - 1) * size
        numbers = range(start, max(start, min(end, start + size)))
        wanted = params["_fields"].split(",")
        rows = [self._history.row(number) for number in numbers]
        return [{name: row[name] for name in wanted} for row in rows], max(0, end - first)


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def main() -> None:
    port, first, days, orders = sys.argv[1:]
    history = History(date.fromisoformat(first), int(days), int(orders))
    shop = LongShop(history)
    config = uvicorn.Config(
        shop, port=int(port), lifespan="off", access_log=False, log_level="warning"
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
