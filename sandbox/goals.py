"""What the made-up company wants to reach: the targets of the periods that it scores."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sandbox.lives import busyness, first_day
from sandbox.people import MOVED_FROM, MOVER, holders_of, shops_of, shops_under
from sandbox.plans import Round, days_of, months, rounds
from sandbox.shops import SHOP_OF, SHOPS, Shop, worth_of

Row = dict[str, object]
Shares = dict[str, int]

KEY = ("subject", "indicator", "period", "level")
"""What a target is known by."""

# What an ordinary order brings: paid less refunds, and of it what is left after cost.
_NET_SALES_OF_ORDER = Decimal(214)
_GROSS_PROFIT_OF_ORDER = Decimal(98)
# Not everybody is given a target that an ordinary month reaches, and some more.
_AMBITION = {
    "employee:e-004": Decimal("0.82"),
    "employee:e-006": Decimal("1.35"),
    "employee:e-008": Decimal("1.4"),
    "employee:e-010": Decimal("1.25"),
    "employee:e-019": Decimal("0.75"),
    "employee:e-020": Decimal("0.75"),
    "employee:e-021": Decimal("0.8"),
    "employee:e-034": Decimal("0.8"),
    "employee:e-037": Decimal("1.3"),
    "employee:e-041": Decimal("1.35"),
}
_STRETCH = Decimal("1.15")
"""The challenge, against the budget."""

_SCALED = {"net_sales", "gross_profit", "visitors", "live_sales", "live_gross_profit"}
"""What is expected by the day, of the shops or the people that somebody answers for."""
_LIVE_SALES_OF_DAY = Decimal(13_000)

_SET: dict[str, tuple[str, ...]] = {
    "traffic_manager": ("visitors",),
    "traffic_manager_sections": ("visitors",),
    "design_manager": ("net_sales",),
    "design_manager_sections": ("net_sales",),
    "product_manager": ("net_sales", "gross_profit"),
    "product_manager_sections": ("net_sales", "gross_profit"),
    "service_guide": ("net_sales",),
    "pre_sales_agent": ("net_sales",),
    "team_leader_360": ("net_sales", "inquiry_conversion_rate"),
    "operations_manager": ("net_sales", "gross_profit"),
    "operations_specialist": ("net_sales", "visitors", "average_order_value"),
    "promotion_specialist": ("visitors", "paid_conversion_rate"),
    "promotion_manager": ("campaigns_run", "net_sales"),
    "category_manager": ("net_sales", "profit_rate"),
    "business_manager": ("channel_partners_added", "net_sales", "partner_accounts"),
    "campaign_specialist": ("campaign_applications",),
    "head_of_ecommerce": ("net_sales", "gross_profit", "operating_cost_rate", "partner_accounts"),
    "live_host": ("live_sales",),
    "live_operations": ("live_sales", "live_gross_profit"),
    "copywriter": ("content_ctr",),
    "operations_service_centre": (
        *("stockout_rate", "net_sales", "complaint_rate", "profit_rate", "return_exchange_rate"),
    ),
    "marketing_centre": ("campaigns_run", "net_sales"),
    "business_cooperation_centre": ("channel_partners_added", "net_sales", "partner_accounts"),
    "ecommerce_general": (
        *("net_sales", "active_users", "repurchase_rate", "search_rank", "social_followers"),
    ),
    "operations_planning": (
        *("visitors", "source_share", "new_visitor_share", "conversion_rate"),
        *("funnel_order_rate", "funnel_payment_rate", "ab_tests_run", "orders"),
        *("average_order_value", "repurchase_rate", "category_breadth", "inventory_turns"),
        *("life_stage_share", "hit_product_sales_share", "listing_on_time_rate"),
        *("supplier_on_time_rate", "on_time_delivery_rate", "campaign_target_attainment", "roi"),
        *("campaign_review_on_time_rate", "survey_score", "training_hours", "service_slips"),
        "rectification_closed_rate",
    ),
    "operations_support": ("conversion_rate",),
    "rear_support": ("satisfaction_rate", "returning_buyer_rate"),
    "five_point_quarter": ("net_sales",),
    "five_point_performance": ("net_sales",),
    "five_point_half": ("net_sales",),
    "five_point_year": ("net_sales",),
}
"""The indicators whose targets the templates leave to be set."""

_PLAIN = {
    "ab_tests_run": "4",
    "active_users": "9000",
    "average_order_value": "236",
    "campaign_applications": "60",
    "campaign_review_on_time_rate": "1",
    "campaign_target_attainment": "1",
    "campaigns_run": "6",
    "category_breadth": "8",
    "channel_partners_added": "3",
    "complaint_rate": "0.008",
    "content_ctr": "0.05",
    "conversion_rate": "0.06",
    "funnel_order_rate": "0.6",
    "funnel_payment_rate": "0.9",
    "hit_product_sales_share": "0.4",
    "inquiry_conversion_rate": "0.45",
    "inventory_turns": "2.5",
    "life_stage_share": "0.7",
    "listing_on_time_rate": "0.95",
    "new_visitor_share": "0.55",
    "on_time_delivery_rate": "0.98",
    "operating_cost_rate": "0.22",
    "orders": "2500",
    "paid_conversion_rate": "0.006",
    "partner_accounts": "24",
    "profit_rate": "0.45",
    "rectification_closed_rate": "0.95",
    "repurchase_rate": "0.1",
    "return_exchange_rate": "0.04",
    "returning_buyer_rate": "0.12",
    "roi": "6",
    "satisfaction_rate": "0.9",
    "search_rank": "12",
    "service_slips": "10",
    "social_followers": "60000",
    "source_share": "0.95",
    "stockout_rate": "0.01",
    "supplier_on_time_rate": "0.95",
    "survey_score": "90",
    "training_hours": "8",
}
"""What is wanted of a month, whoever is asked."""


def target_list(today: date) -> list[Row]:
    """The targets that are set by hand, as `PUT /v1/targets` takes them."""
    found: dict[tuple[object, ...], Row] = {}
    for row in _rows(today):
        found.setdefault(tuple(row[name] for name in KEY), row)
    return list(found.values())


def _rows(today: date) -> Iterator[Row]:
    begun = first_day(today)
    for each in rounds(today):
        for subject in each.plan.subjects:
            for indicator in _SET.get(each.plan.code, ()):
                yield from _targets(each, subject, indicator, begun)
        if each.plan.code == "operations_specialist":
            # Who moved on from there is measured by it for the first days of last month.
            for indicator in ("net_sales", "average_order_value"):
                yield from _targets(each, f"employee:{MOVER}", indicator, begun)
    # A level looks back for two months, of which the first was hardly seen.
    before = months(months(today)[0])[0]
    for employee in holders_of("pre_sales_agent"):
        subject = f"employee:{employee}"
        start, end = max(before, begun), months(today)[0]
        value = _expected("net_sales", _share_of_guide(employee), start, end)
        yield _target(subject, "net_sales", f"{before:%Y-%m}", "budget", _rounded(value))


def _targets(each: Round, subject: str, indicator: str, begun: date) -> Iterator[Row]:
    if indicator not in _SCALED:
        yield _target(subject, indicator, each.period, "budget", _PLAIN[indicator])
        return
    value = _value(each, subject, indicator, begun) * _AMBITION.get(subject, 1)
    for level, factor in (("budget", Decimal(1)), ("challenge", _STRETCH)):
        yield _target(subject, indicator, each.period, level, _rounded(value * factor))


def _target(subject: str, indicator: str, period: str, level: str, value: object) -> Row:
    return {
        "subject": subject,
        "indicator": indicator,
        "period": period,
        "level": level,
        "value": str(value),
        "reason": None,
    }


def _value(each: Round, subject: str, indicator: str, begun: date) -> Decimal:
    """What ordinary days bring from the first on that is known of."""
    if indicator.startswith("live_"):
        hosts = 1 if each.plan.code == "live_host" else len(holders_of("live_host"))
        days = len(list(days_of(each.start, each.end))) * 6 // 7
        margin = Decimal(1) if indicator == "live_sales" else Decimal("0.46")
        return _LIVE_SALES_OF_DAY * hosts * days * margin
    start = each.start if each.plan.cycle == "month" else max(each.start, begun)
    return _expected(indicator, _shops(each, subject), start, each.end)


def _shops(each: Round, subject: str) -> dict[str, Decimal]:
    """The shops that a target is about, and the part of each in percent."""
    kind, _, code = subject.partition(":")
    if kind == "unit":
        return _exact(shops_under(code))
    match each.plan.code:
        case "pre_sales_agent" | "service_guide":
            return _share_of_guide(code)
        case "team_leader_360":
            return _exact(shops_under("pre-sales"))
        case "operations_specialist" if code == MOVER:
            return _exact(MOVED_FROM)
        case _:
            return _exact(shops_of(code))


def _exact(shares: Shares) -> dict[str, Decimal]:
    return {shop: Decimal(share) for shop, share in shares.items()}


def _share_of_guide(employee: str) -> dict[str, Decimal]:
    """Of each shop what is sold by one of those who are named on its orders."""
    return {
        shop.code: shop.guided_share * 100 / len(shop.guides)
        for shop in SHOPS
        if employee in shop.guides
    }


def _expected(indicator: str, shops: dict[str, Decimal], start: date, end: date) -> Decimal:
    """What ordinary days bring in the shops that somebody answers for."""
    whole = Decimal(0)
    for code, share in shops.items():
        shop = SHOP_OF[code]
        busy = sum(busyness(shop, day) for day in days_of(start, end))
        whole += _of_a_day(indicator, shop) * busy * share / 100
    return whole


def _of_a_day(indicator: str, shop: Shop) -> Decimal:
    if indicator == "visitors":
        return Decimal(shop.visitors)
    paid = shop.orders * (Decimal("0.92") if shop.marketplace else 1) * worth_of(shop)
    return paid * (_NET_SALES_OF_ORDER if indicator == "net_sales" else _GROSS_PROFIT_OF_ORDER)


def _rounded(value: Decimal) -> int:
    """People set round targets."""
    return max(1, int(value / 100)) * 100
