"""What is contested of a fact, and what must be said to uphold it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.api.core.disputes import check_decides, stated_if_upheld
from services.schema.errors import Conflict
from services.schema.shapes.disputes import ChangedFact, ClaimedValue, Dispute, FactChange
from services.schema.shapes.scorecards import Stated, StatedValue
from services.schema.words import CycleStatus, FactKind
from tests.api.core.test_disputes import FACT, GONE, RATING, cycle, dispute


def test_what_would_be_stated_of_a_fact() -> None:
    now = Stated(facts=(ChangedFact(FactKind.CHATS, "im", "C-1", GONE, "dsp_0"),))
    excluded = dispute(FACT, "orders/erp/a/b", change=GONE)
    assert stated_if_upheld(excluded, now, [], None) == replace(
        now, facts=(*now.facts, ChangedFact(FactKind.ORDERS, "erp", "a/b", GONE))
    )
    never_came = dispute(FACT, "orders/erp/1", ClaimedValue("care", None, Decimal(1)))
    assert stated_if_upheld(never_came, now, [], None) == replace(
        now, values=(StatedValue("care", None, Decimal(1), None),)
    )
    # What was claimed before it held once it is upheld was shown alone.
    shown = ClaimedValue("care", None, Decimal(1), holds=False)
    assert stated_if_upheld(dispute(FACT, "orders/erp/1", shown), now, [], None) is None


@pytest.mark.parametrize(
    ("asked", "value", "code"),
    [
        (dispute(FACT, "orders/erp/1", change=FactChange(exclude=True)), None, None),
        (dispute(FACT, "orders/erp/1", change=FactChange(salesperson="bob")), None, None),
        (dispute(FACT, "orders/erp/1", ClaimedValue("care", None, Decimal(1))), None, None),
        (
            dispute(FACT, "orders/erp/1", ClaimedValue("care", None, Decimal(1), holds=False)),
            None,
            "change_expected",
        ),
        (dispute(FACT, "orders/erp/1", change=FactChange(exclude=True)), 1, "value_unexpected"),
        (dispute(FACT, "orders/erp/1", change=FactChange(amount=Decimal(1))), None, None),
        (dispute(FACT, "orders/erp/1", change=FactChange(amount=Decimal(1))), "0.0001", None),
        (
            dispute(FACT, "orders/erp/1", change=FactChange(amount=Decimal(1))),
            "0.00001",
            "too_many_decimals",
        ),
        (
            dispute(FACT, "refunds/erp/1", change=FactChange(amount=Decimal(1))),
            "-1",
            "amount_negative",
        ),
        (dispute(FACT, "measures/erp/m/d", change=FactChange(amount=Decimal(1))), "-1", None),
        (dispute(RATING, "r", ClaimedValue("team", None, Decimal(1))), None, "value_expected"),
        (dispute(RATING, "r", ClaimedValue("team", None, Decimal(1))), "2", None),
    ],
)
def test_what_is_upheld_must_be_said(
    asked: Dispute, value: str | int | None, code: str | None
) -> None:
    given = None if value is None else Decimal(value)
    if code is None:
        check_decides(asked, cycle(CycleStatus.REVIEW), uphold=True, value=given)
        return
    with pytest.raises(Conflict) as refusal:
        check_decides(asked, cycle(CycleStatus.REVIEW), uphold=True, value=given)
    assert refusal.value.code == code
    assert [each.pointer for each in refusal.value.faults] in ([], ["/value"])
