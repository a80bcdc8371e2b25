"""What the made-up company wants: schemes, cycles, and the targets of last month and this."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.lives import SEED, busyness
from sandbox.people import holders_of
from sandbox.shops import SHOP_OF, TIMEZONE, Shop

Row = dict[str, object]

SCHEMES = ("traffic_manager", "design_manager", "product_manager")
"""Built-in templates, taken as they are; scheme, template and position share a code."""

# What an ordinary order brings: paid less refunds, and of it what is left after cost.
_NET_SALES_OF_ORDER = Decimal(214)
_GROSS_PROFIT_OF_ORDER = Decimal(98)
# Not everybody is given a target that an ordinary month reaches.
_AMBITION = {"e-006": Decimal("1.35"), "e-008": Decimal("1.4"), "e-010": Decimal("1.25")}

# A bonus by grade for two positions, a commission by bands for the third.
_BONUS: list[Row] = [{"plan": "grade_bonus", "base": "3000"}]
_COMMISSION: list[Row] = [
    {
        "plan": "commission",
        "indicator": "net_sales",
        "bands": [{"from": "0", "rate": "0.004"}, {"from": "200000", "rate": "0.006"}],
        "coefficient": "grade",
    }
]
_PAY = {
    "traffic_manager": _BONUS,
    "design_manager": _BONUS,
    "product_manager": _COMMISSION,
}

# The two traffic managers share one best grade, whatever their totals.
_DISTRIBUTION: dict[str, Row] = {
    "traffic_manager": {
        "shares": [
            {"grade": "A", "share": "35"},
            {"grade": "B", "share": "50"},
            {"grade": "C", "share": "15"},
        ],
        "minimum_population": 2,
        "tie_breakers": ["net_sales"],
    }
}

_SET = {
    "traffic_manager": ("visitors",),
    "design_manager": ("net_sales",),
    "product_manager": ("net_sales", "gross_profit"),
}
"""The indicators whose targets the templates leave to be set, by position."""


def months(today: date) -> tuple[date, date]:
    """The first days of last month and of this one."""
    this = today.replace(day=1)
    return (this - timedelta(days=1)).replace(day=1), this


def scheme_list() -> list[Row]:
    """The schemes: taken from a template, with the pay and the quotas put into the draft."""
    return [
        {
            "code": code,
            "template": code,
            "pay": _PAY[code],
            "distribution": _DISTRIBUTION.get(code),
        }
        for code in SCHEMES
    ]


def cycle_list(today: date) -> list[Row]:
    """A cycle for each scheme and month, as `POST /v1/cycles` takes them, last month's first."""
    return [
        {
            "code": f"{month:%Y-%m}-{code}",
            "scheme": code,
            "period": f"{month:%Y-%m}",
            "population": {"position": code},
            "timezone": TIMEZONE,
            "grace_days": 0,
        }
        for month in months(today)
        for code in SCHEMES
    ]


def target_list(today: date) -> list[Row]:
    """The targets that are set by hand, as `PUT /v1/targets` takes them."""
    return [
        {
            "subject": f"employee:{employee}",
            "indicator": indicator,
            "period": f"{month:%Y-%m}",
            "level": level,
            "value": str(
                _rounded(_expected(indicator, shops, month) * factor * _AMBITION.get(employee, 1))
            ),
            "reason": None,
        }
        for month in months(today)
        for position, indicators in _SET.items()
        for employee, shops in holders_of(position).items()
        for indicator in indicators
        for level, factor in (("budget", Decimal(1)), ("challenge", Decimal("1.15")))
    ]


def value_list(today: date) -> list[Row]:
    """What no measure gives, as `POST /v1/indicators/values` takes it."""
    rows: list[Row] = []
    for month in months(today):
        for employee in holders_of("design_manager"):
            chance = Random(f"{SEED}/values/{employee}/{month}")
            late = chance.choice((0, 1, 1, 2))
            rows.append(
                {
                    "indicator": "design_on_time_rate",
                    "subject": f"employee:{employee}",
                    "period": f"{month:%Y-%m}",
                    "value": str(Decimal(50 - late) / 50),
                    "source": "design",
                    "note": f"{50 - late} of 50 pieces on time",
                }
            )
    return rows


def _expected(indicator: str, shops: dict[str, int], month: date) -> Decimal:
    """What a month of ordinary days brings in the shops that somebody answers for."""
    whole = Decimal(0)
    for code, share in shops.items():
        shop = SHOP_OF[code]
        busy = sum(busyness(shop, day) for day in _days(month))
        whole += _of_a_day(indicator, shop) * busy * share / 100
    return whole


def _of_a_day(indicator: str, shop: Shop) -> Decimal:
    if indicator == "visitors":
        return Decimal(shop.visitors)
    paid = shop.orders * (Decimal("0.92") if shop.marketplace else 1)
    return paid * (_NET_SALES_OF_ORDER if indicator == "net_sales" else _GROSS_PROFIT_OF_ORDER)


def _days(month: date) -> Iterator[date]:
    day = month
    while day.month == month.month:
        yield day
        day += timedelta(days=1)


def _rounded(value: Decimal) -> int:
    """People set round targets."""
    return int(value / 100) * 100
