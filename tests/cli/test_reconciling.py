"""The table of `kaohe reconcile`: a line a day, and what a difference is made of."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

from rich.console import Console

from services.cli.reconciling import table_of
from services.schema.shapes.reconciliations import (
    Basis,
    DayStatement,
    DifferenceCause,
    Named,
    Part,
    Reconciliation,
    StatusCount,
)


def shown(*found: Reconciliation) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(table_of(found))
    return [line for line in out.getvalue().splitlines() if "2026-10-31" in line or "  " in line]


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
    for piece in ("tm-1", "2026-10-31", "4 / 40.01", "-1 / 15", "5 / 25.01"):
        assert piece in text, text
    assert "exclusions 5 / 25.01 (SO-0, SO-1, SO-2 ...)" in text
    counts = (StatusCount("paid", 3, 2), StatusCount("shipped", 1, 1))
    moved = Reconciliation(stated, "CNY", 4, Decimal("40.01"), (), counts)
    assert "paid: 3 and ours 2" in "\n".join(shown(moved))
    agreed = Reconciliation(stated, "CNY", 4, Decimal("40.01"))
    assert "0 / 0" not in "\n".join(shown(agreed))
