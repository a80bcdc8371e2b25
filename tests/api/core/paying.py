"""Short ways to what pay is computed from, and to the payouts that come of it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.api.core.payouts import pay
from services.schema.shapes.indicators import Value
from services.schema.shapes.levels import LevelInForce
from services.schema.shapes.payouts import MemberPay, PayAdjustment, PayBasis, Payout
from services.schema.shapes.scorecards import Score
from tests.api.core.scoring import Document, flat, given, item, scheme_of, scored


def value(figure: str | Value) -> Value:
    return figure if isinstance(figure, Value) else Value(Decimal(figure), None)


def placed(level: str | None, *, month: str = "2026-10") -> LevelInForce:
    return LevelInForce(level, 2, month, 1, "sha256:" + "0" * 64)


def basis(
    *,
    bases: Mapping[str, str | Value] | None = None,
    outputs: Mapping[str, Mapping[str, str | Value]] | None = None,
    members: Sequence[str] = (),
    levels: Mapping[str, LevelInForce | None] | None = None,
) -> PayBasis:
    return PayBasis(
        bases={code: value(each) for code, each in (bases or {}).items()},
        outputs={
            code: {whose: value(each) for whose, each in own.items()}
            for code, own in (outputs or {}).items()
        },
        members=tuple(members),
        levels=levels or {},
    )


def earned(**amounts: str) -> list[MemberPay]:
    """Members' pay in one cycle: `e_1="100.00"`."""
    return [
        MemberPay(code.replace("_", "-"), "oct", Decimal(amount))
        for code, amount in amounts.items()
    ]


def payouts_of(
    stated: Document,
    card: Score,
    on: PayBasis | None = None,
    *,
    currency: str = "CNY",
    members: Sequence[MemberPay] = (),
    adjustments: Sequence[PayAdjustment] = (),
) -> tuple[Payout, ...]:
    return pay(
        scheme_of(stated),
        card,
        basis() if on is None else on,
        currency=currency,
        members=members,
        adjustments=adjustments,
    )


def paid(
    plan: Document,
    on: PayBasis | None = None,
    *,
    total: str = "80",
    target: str | None = "64",
    currency: str = "CNY",
    members: Sequence[MemberPay] = (),
    adjustments: Sequence[PayAdjustment] = (),
) -> Payout:
    """The one payout of a card of one item `a`, whose value is the total.

    80 is a B with the coefficient 1 and attains 1.25 of 64; 95 is an A, 1.2; 10 a C, 0.6.
    """
    stated = flat(item("a", "100"), pay=[plan])
    (payout,) = payouts_of(
        stated,
        scored(stated, {"a": given(total, budget=target)}),
        on,
        currency=currency,
        members=members,
        adjustments=adjustments,
    )
    return payout
