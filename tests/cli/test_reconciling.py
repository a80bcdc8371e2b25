"""The table of `kaohe reconcile`: a line a day, and what a difference is made of."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from services.cli.reconciling import reconcile_and_show, show, table_of
from services.schema.errors import Invalid
from services.schema.shapes.reconciliations import (
    Basis,
    DayStatement,
    DifferenceCause,
    Named,
    Part,
    Reconciliation,
    StatusCount,
)


def shown(*found: Reconciliation, width: int = 200) -> list[str]:
    out = io.StringIO()
    show(table_of(found), Console(file=out, width=width, color_system=None))
    return [line for line in out.getvalue().splitlines() if "2026-10-31" in line or "  " in line]


def test_no_shop_day_or_figure_is_cut_on_a_narrow_screen() -> None:
    stated = DayStatement(
        source="amazon",
        shop="a-shop-of-a-long-name",
        day=date(2026, 10, 31),
        basis=Basis.PLACED,
        timezone="Asia/Shanghai",
        stated_at=datetime(2026, 11, 1, tzinfo=UTC),
        orders=1234,
        amount=Decimal("1234567.89"),
    )
    part = Part(DifferenceCause.UNEXPLAINED, 0, Decimal("0.01"), (Named("3" * 32, 0, Decimal(1)),))
    one = Reconciliation(stated, "USD", 1234, Decimal("1234567.88"), (part,))
    text = "\n".join(shown(one, width=40))
    assert "…" not in text
    for piece in (stated.shop, "2026-10-31", "1234 / 1234567.89", "0 / 0.01", "3" * 32):
        assert piece in text, text


def test_days_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(Invalid, match="The days end before they start"):
        reconcile_and_show((date(2026, 11, 2), date(2026, 11, 1)), None)


def test_a_difference_is_shown_to_the_cent_with_the_orders_that_make_it() -> None:
    stated = DayStatement(
        source="sycm",
        shop="tm-1",
        day=date(2026, 10, 31),
        basis=Basis.PAID,
        timezone="Asia/Shanghai",
        stated_at=datetime(2026, 11, 1, tzinfo=UTC),
        orders=4,
        amount=Decimal("40.01"),
    )
    named = tuple(Named(f"SO-{n}", 1, Decimal(5)) for n in range(5))
    part = Part(DifferenceCause.EXCLUSIONS, 5, Decimal("25.01"), named)
    text = "\n".join(shown(Reconciliation(stated, "CNY", -1, Decimal(15), (part,))))
    for piece in ("tm-1", "2026-10-31", "4 / 40.01", "-1 / 15.00", "5 / 25.01"):
        assert piece in text, text
    assert "exclusions 5 / 25.01 (SO-0, SO-1, SO-2 ...)" in text
    counts = (StatusCount("paid", 3, 2), StatusCount("shipped", 1, 1))
    moved = Reconciliation(stated, "CNY", 4, Decimal("40.01"), (), counts)
    assert "paid: 3 and ours 2" in "\n".join(shown(moved))
    agreed = Reconciliation(stated, "CNY", 4, Decimal("40.01"))
    assert "0 / 0" not in "\n".join(shown(agreed))
