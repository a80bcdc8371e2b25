"""By what the made-up company appraises whom: its schemes, what they pay, and their cycles."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sandbox.people import KEY_HOLDERS, holders_of
from sandbox.shops import TIMEZONE

Row = dict[str, object]

LADDER = "service_agent"
"""The ladder of service agents, adopted from the template of the same name."""
LATE = "service_guide"
"""The scheme whose results of last month a refund corrects that comes after publication."""

_LENGTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A built-in template that is taken: scheme and template share a code."""

    code: str
    position: str | None = None
    employees: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    cycle: str = "month"
    pay: tuple[Row, ...] = ()
    more: Row = field(default_factory=dict)
    """What else is put into the draft."""
    raters: Row = field(default_factory=dict)
    """By item, who rates it instead of those whom the template asks."""
    items: Row = field(default_factory=dict)
    """By item, what of it is put in place of the template's."""

    @property
    def population(self) -> Row:
        if self.units:
            return {"units": list(self.units)}
        return (
            {"employees": list(self.employees)} if self.employees else {"position": self.position}
        )

    @property
    def subjects(self) -> tuple[str, ...]:
        """Whom it scores, as `api.md` writes subjects."""
        people = self.employees or tuple(holders_of(str(self.position)))
        kind, codes = ("unit", self.units) if self.units else ("employee", people)
        return tuple(f"{kind}:{code}" for code in codes)


def _bonus(base: str) -> Row:
    return {"plan": "grade_bonus", "base": base}


_IN_MONEY: Row = {"plan": "adjustment", "minimum": "-2000", "maximum": "2000"}
_BANDS: Row = {
    "plan": "commission",
    "indicator": "net_sales",
    "bands": [{"from": "0", "rate": "0.004"}, {"from": "200000", "rate": "0.006"}],
    "coefficient": "grade",
}
_BANDS_OF_AGENTS: Row = {
    "plan": "commission",
    "indicator": "net_sales",
    "bands": [
        {"from": "0", "rate": "0.008"},
        {"from": "15000", "rate": "0.012"},
        {"from": "30000", "rate": "0.015"},
    ],
    "coefficient": "grade",
}
_ALLOWANCE: Row = {
    "plan": "level_allowance",
    "ladder": LADDER,
    "amounts": [{"level": "gold", "amount": "600"}, {"level": "silver", "amount": "300"}],
}
_FLAT: Row = {
    "plan": "commission",
    "indicator": "net_sales",
    "rate": "0.01",
    "coefficient": "score",
}
_OF_MEMBERS: Row = {
    "plan": "leader_mean",
    "task": {"item": "target_attainment"},
    "business": {"of": "score"},
    "staffing": "1.1",
}
_OF_OUTPUT: Row = {"plan": "leader_capacity", "indicator": "live_sales", "incentive": "0.003"}

# Two in ten may have the best grade and one the lowest, however they score.
_TWO_SEVEN_ONE: Row = {
    "shares": [
        {"grade": "gold", "share": "20"},
        {"grade": "silver", "share": "70"},
        {"grade": "bronze", "share": "10"},
    ],
    "minimum_population": 10,
    "tie_breakers": ["net_sales"],
}
# The two traffic managers share one best grade.
_SHARED: Row = {
    "shares": [
        {"grade": "A", "share": "35"},
        {"grade": "B", "share": "50"},
        {"grade": "C", "share": "15"},
    ],
    "minimum_population": 2,
    "tie_breakers": ["net_sales"],
}
# Who misses sessions cannot make up for it on the air.
_CAPPED: Row = {
    "gates": [{"when": {"item": "discipline_faults", "below": "60"}, "then": {"cap": "59"}}]
}
# Those who work beside somebody know best how they work together.
_WITH_PEERS: list[Row] = [
    {"role": "self", "weight": "20"},
    {"role": "manager", "weight": "50"},
    {"role": "peer", "weight": "30"},
]
# Of a hundred viewers two or three buy: what the template has is for those who clicked.
_BY_VIEWERS: Row = {
    "live_conversion_rate": {
        "target": {"kind": "fixed", "value": "0.03", "challenge": None},
        "rule": {
            "kind": "steps",
            "of": "value",
            "steps": [
                {"at_least": "0.03", "score": "100"},
                {"at_least": "0.02", "score": "80"},
                {"at_least": "0.01", "score": "50"},
            ],
        },
    }
}
_FIVE_POINT_PEOPLE = ("e-003", "e-004", "e-045", "e-046", "e-047")

PLANS = (
    Plan(
        code="traffic_manager",
        position="traffic_manager",
        pay=(_bonus("3000"),),
        more={"distribution": _SHARED},
    ),
    Plan(code="design_manager", position="design_manager", pay=(_bonus("3000"),)),
    Plan(code="product_manager", position="product_manager", pay=(_BANDS,)),
    Plan(code="traffic_manager_sections", position="life_traffic_manager", pay=(_bonus("3000"),)),
    Plan(code="design_manager_sections", position="life_design_manager", pay=(_bonus("3000"),)),
    Plan(code="product_manager_sections", position="life_product_manager", pay=(_BANDS,)),
    Plan(code="service_guide", position="service_guide", pay=(_FLAT,)),
    Plan(
        code="pre_sales_agent",
        position="pre_sales_agent",
        pay=(_BANDS_OF_AGENTS, _ALLOWANCE),
        more={"distribution": _TWO_SEVEN_ONE},
    ),
    Plan(code="after_sales_agent", position="after_sales_agent", pay=(_bonus("1500"), _IN_MONEY)),
    # A leader is paid by what the members earn, so these come first.
    Plan(code="team_leader_360", position="team_leader", pay=(_OF_MEMBERS,)),
    Plan(code="operations_manager", position="operations_manager", pay=(_bonus("5000"),)),
    Plan(
        code="operations_specialist",
        position="operations_specialist",
        pay=(_bonus("1800"),),
        raters={"collaboration_score": _WITH_PEERS},
    ),
    Plan(code="promotion_specialist", position="promotion_specialist", pay=(_bonus("1800"),)),
    Plan(
        code="live_host",
        position="live_host",
        pay=(_bonus("2500"), _IN_MONEY),
        more=_CAPPED,
        items=_BY_VIEWERS,
    ),
    Plan(code="live_operations", position="live_operations", pay=(_OF_OUTPUT,), items=_BY_VIEWERS),
    Plan(code="copywriter", position="copywriter", pay=(_bonus("1500"),)),
    Plan(code="designer", position="designer", pay=(_bonus("1500"),)),
    Plan(code="head_of_ecommerce", position="head_of_ecommerce", pay=(_bonus("12000"),)),
    Plan(code="category_manager", position="category_manager", pay=(_bonus("2500"),)),
    Plan(code="promotion_manager", position="promotion_manager", pay=(_bonus("3000"),)),
    Plan(code="business_manager", position="business_manager", pay=(_bonus("3000"),)),
    Plan(code="campaign_specialist", position="campaign_specialist", pay=(_bonus("1800"),)),
    Plan(code="warehouse", position="warehouse", pay=(_bonus("1500"), _IN_MONEY)),
    Plan(code="operations_service_centre", units=("operations",)),
    Plan(code="marketing_centre", units=("marketing",)),
    Plan(code="business_cooperation_centre", units=("business",)),
    Plan(code="ecommerce_general", units=("company",)),
    Plan(code="operations_planning", units=("planning",)),
    Plan(code="operations_support", units=("store",)),
    Plan(code="rear_support", units=("people", "warehouse")),
    Plan(
        code="five_point_quarter",
        cycle="quarter",
        employees=_FIVE_POINT_PEOPLE,
        pay=(_bonus("6000"),),
    ),
    Plan(code="five_point_performance", cycle="quarter", employees=("e-009", "e-010")),
    Plan(code="five_point_half", cycle="half", employees=("e-007", "e-008")),
    Plan(code="five_point_year", cycle="year", employees=(*_FIVE_POINT_PEOPLE, "e-007", "e-008")),
)


@dataclass(frozen=True, slots=True)
class Round:
    """A scheme in one of its periods."""

    plan: Plan
    start: date
    end: date
    """Exclusive."""

    @property
    def period(self) -> str:
        match self.plan.cycle:
            case "month":
                return f"{self.start:%Y-%m}"
            case "quarter":
                return f"{self.start:%Y}-Q{(self.start.month + 2) // 3}"
            case "half":
                return f"{self.start:%Y}-H{(self.start.month + 5) // 6}"
            case _:
                return f"{self.start:%Y}"

    @property
    def code(self) -> str:
        return f"{self.period}-{self.plan.code}"


def months(today: date) -> tuple[date, date]:
    """The first days of last month and of this one."""
    this = today.replace(day=1)
    return (this - timedelta(days=1)).replace(day=1), this


def rounds(today: date) -> list[Round]:
    """Each scheme in the periods that hold last month and this one, the earlier first."""
    found: dict[str, Round] = {}
    for month in months(today):
        for plan in PLANS:
            each = _round_of(plan, month)
            found.setdefault(each.code, each)
    return list(found.values())


def scheme_list() -> list[dict[str, Any]]:
    """The schemes: the template that each is, what is put into its draft and items, who rates."""
    return [
        {
            "code": plan.code,
            "template": plan.code,
            "draft": {"pay": list(plan.pay), **plan.more},
            "raters": plan.raters,
            "items": plan.items,
        }
        for plan in PLANS
    ]


def cycle_list(today: date) -> list[Row]:
    """A cycle for each scheme and period, as `POST /v1/cycles` takes them, the earlier first."""
    return [
        {
            "code": each.code,
            "scheme": each.plan.code,
            "period": each.period,
            "population": each.plan.population,
            "timezone": TIMEZONE,
            "grace_days": 0,
        }
        for each in rounds(today)
    ]


def ended_cycles(today: date) -> frozenset[str]:
    """The cycles whose period is over: these are published, the others are live."""
    return frozenset(each.code for each in rounds(today) if each.end <= today)


def late_cycle(today: date) -> str:
    """The cycle that is published once more, with a correction."""
    return f"{months(today)[0]:%Y-%m}-{LATE}"


def sights(today: date) -> list[tuple[str, str]]:
    """What the story shows, and where: pages of the scoreboard, and lists for HR."""
    last = f"{months(today)[0]:%Y-%m}"
    reporter, day = KEY_HOLDERS["employee"], today - timedelta(days=1)
    values = next(each.code for each in rounds(today) if each.plan.code == "five_point_quarter")
    return [
        (
            "2/7/1 among twelve, with two moves",
            f"/v1/cycles/{last}-pre_sales_agent/distribution",
        ),
        ("values failed, so all failed", f"/?cycle={values}"),
        ("a total capped by a gate", f"/?cycle={last}-live_host"),
        ("a 360° with unnamed raters", f"/?cycle={last}-team_leader_360"),
        ("gold, silver, and what is missing", f"/v1/ladders/{LADDER}/assessments"),
        ("a transfer on the 16th, in two parts", f"/?cycle={last}-promotion_specialist"),
        ("a joiner on the 9th, pro rata", f"/?cycle={last}-designer"),
        ("rewards and penalties in points", f"/?cycle={last}-copywriter"),
        ("a department by twenty figures", f"/?cycle={last}-operations_planning"),
        ("commission by bands, and by level", f"/v1/results?cycle={last}-pre_sales_agent"),
        ("commission at one rate", f"/v1/results?cycle={last}-{LATE}"),
        ("a leader paid by the members' mean", f"/v1/results?cycle={last}-team_leader_360"),
        ("a leader paid by the team's output", f"/v1/results?cycle={last}-live_operations"),
        ("a bonus by grade, rewards in money", f"/v1/results?cycle={last}-live_host"),
        (
            "brushed orders, both figures",
            f"/v1/exclusions/figures?from={last}-01&to={months(today)[1]}",
        ),
        ("standards broken, a case overdue", "/v1/alerts"),
        (
            "a day against pace, with its remark",
            f"/v1/reports?subject=employee:{reporter}&day={day}",
        ),
        ("findings of a survey, put right or not", "/v1/cases"),
        ("targets with a plan, step by step", "/v1/target-plans"),
        ("promotions that past grades propose", "/v1/uses"),
        ("a late refund, corrected in the feed", f"/v1/payroll/export?cycle={last}-{LATE}"),
    ]


def ladder() -> dict[str, Any]:
    """The ladder of levels: its template, and for whom it is."""
    return {"code": LADDER, "template": LADDER, "positions": ["pre_sales_agent"]}


def days_of(start: date, end: date) -> Iterator[date]:
    """Every day from one on and before another."""
    return (start + timedelta(days=number) for number in range((end - start).days))


def _round_of(plan: Plan, month: date) -> Round:
    length = _LENGTHS[plan.cycle]
    start = month.replace(month=(month.month - 1) // length * length + 1)
    last = start.replace(month=start.month + length - 1)
    return Round(plan, start, (last + timedelta(days=31)).replace(day=1))
