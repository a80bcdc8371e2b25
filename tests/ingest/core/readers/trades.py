"""Rows as TOP states them, to be changed by tests, and what reads them."""

from decimal import Decimal
from typing import Any

from services.ingest.core.readers.taobao import (
    read_fact,
)
from services.schema.shapes.facts import Order, Refund
from services.schema.shapes.feeds import Article, Known, Origin
from services.schema.words import FactKind

ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS
ORIGIN = Origin(
    "tmall:tm-1",
    "tm-1",
    {"A-1": Article(Decimal("30.50"), ("new", "hit")), "A-2": Article(Decimal(4), ())},
)
NOTHING = Known({}, {}, {})
Row = dict[str, Any]


def trade(**changes: object) -> Row:
    """A paid trade of one line, with postage and a discount on the whole order."""
    row: Row = {
        "tid": 3007398770110000100,
        "status": "WAIT_SELLER_SEND_GOODS",
        "type": "fixed",
        "created": "2026-10-31 23:59:59",
        "pay_time": "2026-11-01 00:00:01",
        "modified": "2026-11-01 00:00:01",
        "payment": "98.00",
        "discount_fee": "12.00",
        "post_fee": "10.00",
        "num": 1,
        "buyer_open_uid": "AAH1",
        "o2o_guide_id": "e-1",
        "orders": {"order": [line()]},
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def line(**changes: object) -> Row:
    row: Row = {
        "oid": 3007398770110000100,
        "outer_sku_id": "A-1",
        "num": 2,
        "price": "50.00",
        "payment": "98.00",
        "part_mjz_discount": "12.00",
        "divide_order_fee": "88.00",
        "refund_status": "NO_REFUND",
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def read(row: Row, known: Known = NOTHING) -> Order:
    fact = read_fact(ORDERS, row, ORIGIN, known)
    assert isinstance(fact, Order)
    return fact


def two_lines(**changes: object) -> Row:
    """The trade's own count is 0, and each line's payment leaves postage in and discount out."""
    first = line(oid=1, num=1, price="60.00", payment="60.00", divide_order_fee="54.00",
                 part_mjz_discount="6.00")  # fmt: skip
    second = line(oid=2, num=3, price="20.00", payment="60.00", divide_order_fee="54.00",
                  part_mjz_discount="6.00", outer_sku_id="A-2")  # fmt: skip
    return trade(num=0, payment="118.00", orders={"order": [first, second]}, **changes)


def promotion(name: object, off: object) -> Row:
    return {"promotion_id": name, "discount_fee": off, "promotion_name": "满减"}


def refund(**changes: object) -> Row:
    row: Row = {
        "refund_id": "30073987701100001001",
        "tid": 3007398770110000100,
        "oid": 3007398770110000100,
        "status": "SUCCESS",
        "refund_fee": "20.50",
        "created": "2026-11-03 10:00:00",
        "modified": "2026-11-05 10:00:00",
        "end_time": "2026-11-05 10:00:00",
        "dispute_type": "REFUND",
        "has_good_return": False,
    }
    return {name: value for name, value in {**row, **changes}.items() if value is not None}


def read_refund(row: Row, known: Known = NOTHING) -> Refund:
    fact = read_fact(REFUNDS, row, ORIGIN, known)
    assert isinstance(fact, Refund)
    return fact
