"""What the rows of a file say of their shop's day, beside the facts that they are."""

from decimal import Decimal
from typing import Any

import pytest

from services.ingest.core.mappings import HeadingsMissing
from services.schema.errors import Invalid
from tests.ingest.core.test_mappings import AT, DAY, TRAFFIC, mapping, read

PAID = {"basis": "paid", "amount": {"column": "支付金额"}}
BY_WORD = {"basis": "paid", "orders": {"column": "a", "order": "mdy"}}


def test_what_a_row_says_of_its_shop_s_day_stands_beside_the_fact() -> None:
    heads = ["日期", "访客数", "支付金额"]
    made = mapping(fields=TRAFFIC, states=PAID, timezone="UTC")
    with pytest.raises(HeadingsMissing, match="支付金额"):
        read(made, heads[:2], ["20261103", "5"])
    rows = read(
        made,
        heads,
        ["20261103", "5", "1,234.56元"],
        ["20261104", "5", "-"],
        ["20261105", "5", "x"],
        ["-", "5", "1"],
    )
    first, *others = [row.said for row in rows]
    assert first is not None
    assert (first.shop, first.day.isoformat(), first.orders, first.amount) == (
        *("s-1", "2026-11-03"),
        *(None, Decimal("1234.56")),
    )
    # By whose midnight days are cut is not in which zone the file writes its times.
    assert (first.source, first.timezone, first.stated_at.isoformat()) == ("m", "Asia/Shanghai", AT)
    assert others == [None, None, None]
    assert [row.unfit and (row.unfit.pointer, row.unfit.column) for row in rows] == [
        *(None, None),
        *(("/states/amount", "支付金额"), None),
    ]
    with pytest.raises(ValueError, match="orders or amount is stated"):
        mapping(fields=TRAFFIC, states={"basis": "paid"})


@pytest.mark.parametrize(
    ("stated", "pointer", "code"),
    [
        ({"fields": {**TRAFFIC, "channel": DAY}, "states": PAID}, "/states", "value_unfit"),
        ({"kind": "stock", "fields": {"day": DAY}, "states": PAID}, "/states", "value_unfit"),
        (
            {"fields": TRAFFIC, "states": {"basis": "paid", "amount": {"constant": 5}}},
            *("/states/amount", "value_unfit"),
        ),
        ({"fields": TRAFFIC, "states": BY_WORD}, "/states/orders/order", "value_unfit"),
    ],
)
def test_what_cannot_state_a_day_is_refused_by_place(
    stated: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        mapping(**stated)
    assert (pointer, code) in {(fault.pointer, fault.code) for fault in refused.value.faults}
