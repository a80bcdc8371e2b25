"""What no measure gives: the values that the made-up company's other systems post for a month."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

from sandbox.lives import SEED
from sandbox.people import MOVER, holders_of
from sandbox.plans import months, rounds

Row = dict[str, object]

_OF_SCHEME: dict[str, tuple[str, ...]] = {
    "design_manager": ("design_on_time_rate",),
    "design_manager_sections": ("design_on_time_rate", "design_pass_rate"),
    "designer": ("design_on_time_rate", "design_pass_rate", "design_revisions"),
    "service_guide": ("order_bounce_rate",),
    "pre_sales_agent": ("attendance_faults", "service_slips", "knowledge_errors"),
    "operations_specialist": ("report_on_time_rate",),
    "campaign_specialist": ("report_on_time_rate", "campaign_review_on_time_rate"),
    "live_host": ("discipline_faults",),
    "copywriter": (
        *("copy_pass_rate", "copy_pieces_on_time_rate", "market_info_gaps", "content_ctr"),
        "copy_errors",
    ),
    "head_of_ecommerce": ("operating_cost_rate", "partner_accounts"),
    "business_manager": ("channel_partners_added", "partner_accounts"),
    "warehouse": ("error_shipment_rate", "on_time_delivery_rate", "attendance_faults"),
    "business_cooperation_centre": ("channel_partners_added", "partner_accounts"),
    "ecommerce_general": (
        *("survey_score_shopping", "survey_score_product", "survey_score_after_sales"),
        *("active_users", "search_rank", "social_followers"),
    ),
    "operations_planning": (
        *("ab_tests_run", "category_breadth", "life_stage_share", "listing_on_time_rate"),
        *("supplier_on_time_rate", "on_time_delivery_rate", "campaign_review_on_time_rate"),
        *("survey_score", "training_hours", "service_slips", "rectification_closed_rate"),
    ),
}
"""What each scheme asks of other systems than shops and ERP."""

# From, to, and of how many: 46 to 50 of 50 pieces.
_RANGES: dict[str, tuple[int, int, int]] = {
    "ab_tests_run": (3, 6, 1),
    "active_users": (8200, 9900, 1),
    "attendance_faults": (0, 2, 1),
    "campaign_review_on_time_rate": (8, 10, 10),
    "category_breadth": (7, 9, 1),
    "channel_partners_added": (2, 5, 1),
    "content_ctr": (42, 58, 1000),
    "copy_errors": (0, 2, 1),
    "copy_pass_rate": (32, 40, 40),
    "copy_pieces_on_time_rate": (37, 40, 40),
    "design_on_time_rate": (47, 50, 50),
    "design_pass_rate": (42, 50, 50),
    "design_revisions": (1, 4, 1),
    "discipline_faults": (0, 1, 1),
    "error_shipment_rate": (18, 34, 10_000),
    "knowledge_errors": (2, 5, 1),
    "life_stage_share": (66, 78, 100),
    "listing_on_time_rate": (18, 20, 20),
    "market_info_gaps": (0, 1, 1),
    "on_time_delivery_rate": (970, 992, 1000),
    "operating_cost_rate": (200, 240, 1000),
    "order_bounce_rate": (2, 4, 1000),
    "partner_accounts": (20, 27, 1),
    "rectification_closed_rate": (18, 20, 20),
    "report_on_time_rate": (23, 25, 25),
    "search_rank": (9, 15, 1),
    "service_slips": (3, 7, 1),
    "social_followers": (56_000, 66_000, 1),
    "supplier_on_time_rate": (18, 20, 20),
    "survey_score": (84, 96, 1),
    "survey_score_after_sales": (82, 94, 1),
    "survey_score_product": (86, 97, 1),
    "survey_score_shopping": (85, 96, 1),
    "training_hours": (6, 10, 1),
}

# What is told of some people whatever chance says: a host who missed sessions; two service agents
# without a slip worth naming, one with one too many for the best level, and one with a day off.
_TOLD: dict[tuple[str, str], int] = {
    ("discipline_faults", "employee:e-017"): 3,
    ("attendance_faults", "employee:e-019"): 0,
    ("attendance_faults", "employee:e-020"): 0,
    ("attendance_faults", "employee:e-021"): 0,
    ("attendance_faults", "employee:e-034"): 1,
    ("service_slips", "employee:e-019"): 1,
    ("service_slips", "employee:e-020"): 2,
    ("service_slips", "employee:e-021"): 4,
    ("service_slips", "employee:e-034"): 2,
    ("knowledge_errors", "employee:e-019"): 0,
    ("knowledge_errors", "employee:e-020"): 1,
    ("knowledge_errors", "employee:e-021"): 1,
    ("knowledge_errors", "employee:e-034"): 2,
}


def value_list(today: date) -> list[Row]:
    """The values of last month, and of this one once a day of it is over."""
    last, this = months(today)
    rows = [
        _row(indicator, subject, each.start)
        for each in rounds(today)
        for indicator in _OF_SCHEME.get(each.plan.code, ())
        for subject in each.plan.subjects
        if each.start < today
    ]
    rows.append(_row("report_on_time_rate", f"employee:{MOVER}", last))
    for month in (last, this):
        if month < today:
            rows += _of_team(month)
    before = months(last)[0]
    rows += [
        _row("attendance_faults", f"employee:{agent}", before)
        for agent in holders_of("pre_sales_agent")
    ]
    return rows


def _of_team(month: date) -> Iterator[Row]:
    """A team leader answers for what is found in the whole team."""
    chance = Random(f"{SEED}/values/team/{month}")
    for indicator, low, high in (("quality_inspection_score", 86, 95), ("discipline_faults", 0, 2)):
        value = Decimal(chance.randint(low, high))
        yield _stated(indicator, "unit:pre-sales", month, value, "inspections of the month")


def _row(indicator: str, subject: str, month: date) -> Row:
    low, high, whole = _RANGES[indicator]
    chance = Random(f"{SEED}/values/{indicator}/{subject}/{month}")
    told = _TOLD.get((indicator, subject), chance.randint(low, high))
    note = f"{told} of {whole}" if whole > 1 else f"{told} in the month"
    return _stated(indicator, subject, month, Decimal(told) / whole, note)


def _stated(indicator: str, subject: str, month: date, value: Decimal, note: str) -> Row:
    return {
        "indicator": indicator,
        "subject": subject,
        "period": f"{month:%Y-%m}",
        "value": f"{value:f}",
        "source": "office",
        "note": note,
    }
