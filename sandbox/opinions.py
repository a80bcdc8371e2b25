"""What the made-up company's people think of each other: marks by role, what leads observe of their
agents, rewards and penalties with reasons.

Each function answers in the form in which `api.md` takes it, with whose it is beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from sandbox.lives import SEED
from sandbox.people import MOVER, holders_of, superior_of
from sandbox.plans import LADDER, Round, months, rounds

Row = dict[str, object]

_BOTH = ("self", "manager")
_ABOVE = ("manager",)


@dataclass(frozen=True, slots=True)
class _Item:
    """What is rated, by whom, and how: a level of so many, or a mark between two by steps."""

    code: str
    roles: tuple[str, ...]
    levels: tuple[int, ...] = ()
    """Those that occur."""
    marks: tuple[str, str, str] = ("72", "98", "1")


_QUARTERS = ("3", "4.25", "0.25")
_SATISFACTION = ("5.5", "7.5", "0.5")
_FIVE_POINT = (
    _Item("key_tasks", _ABOVE, marks=_QUARTERS),
    _Item("customer_service", _ABOVE, levels=(3, 4, 4, 5)),
    _Item("teamwork", _ABOVE, levels=(3, 4, 4, 5)),
)
_RATED: dict[str, tuple[_Item, ...]] = {
    "operations_manager": (_Item("team_building_score", _BOTH),),
    "operations_specialist": (_Item("collaboration_score", (*_BOTH, "peer")),),
    "promotion_specialist": (_Item("analysis_ability", _BOTH),),
    "live_operations": (_Item("collaboration_score", _BOTH, levels=(1, 2, 2)),),
    "copywriter": (_Item("initiative", _ABOVE, levels=(3, 4, 5)),),
    "designer": (
        _Item("design_satisfaction", _BOTH, levels=(1, 1, 2, 3)),
        _Item("learning", _ABOVE, levels=(2, 3, 4, 5)),
    ),
    "head_of_ecommerce": (_Item("team_building_score", _BOTH),),
    "business_manager": (_Item("channel_quality", _BOTH), _Item("partner_quality", _BOTH)),
    "promotion_manager": (_Item("campaign_quality", _BOTH), _Item("analysis_ability", _BOTH)),
    "product_manager_sections": (
        _Item("page_description_execution", _ABOVE),
        _Item("shop_activity_execution", _ABOVE),
    ),
    "business_cooperation_centre": (
        _Item("channel_quality", _ABOVE),
        _Item("partner_quality", _ABOVE),
    ),
    "marketing_centre": (_Item("campaign_quality", _ABOVE), _Item("analysis_ability", _ABOVE)),
    "operations_planning": (
        _Item("campaign_creativity", _ABOVE),
        _Item("collaboration_score", _ABOVE),
    ),
    "five_point_quarter": _FIVE_POINT,
    "five_point_half": _FIVE_POINT,
    "five_point_year": _FIVE_POINT,
    "five_point_performance": _FIVE_POINT[:1],
    "team_leader_360": (
        _Item("customer_satisfaction", ("customer",), marks=_SATISFACTION),
        _Item("branch_satisfaction", ("branch",), marks=_SATISFACTION),
        _Item("member_satisfaction", ("member",), marks=_SATISFACTION),
        _Item("supervisor_satisfaction", ("supervisor",), marks=_SATISFACTION),
    ),
}

# Peers and the members of a team are asked themselves, for people outside HR enters what they gave.
_RATERS = {
    "peer": ("e-013", "e-026", "e-048"),
    "customer": ("guest-1", "guest-2", "guest-3"),
    "branch": ("hangzhou-store", "warehouse", "finance"),
    "member": ("e-019", "e-021", "e-037", "e-040"),
    "supervisor": ("floor-am", "floor-pm", "floor-night"),
}

# He reaches every target and does not keep to what the company holds dear.
_FAILED = {"customer_service": 3, "teamwork": 2, "key_tasks": "4.5"}
_FAILING = ("five_point_quarter", "employee:e-004")

_BEHAVIOURS = ("service_awareness", "team_activities", "communication")
_LED_WELL = frozenset({"e-019", "e-020", "e-021", "e-034"})
"""Agents of whom everything holds that is observed; the others lack what a higher level asks."""

_POINTS = (
    ("copywriter", "employee:e-026", "3", "双十一主推文案全网转载 copy of the month"),
    ("warehouse", "employee:e-033", "-2", "盘点差异未按时上报 stock-taking reported late"),
)
_MONEY = (
    ("live_host", "employee:e-016", "500.00", "代班两场 stood in for two sessions"),
    ("warehouse", "employee:e-033", "-120.00", "丢失扫码枪 a scanner was lost"),
    ("after_sales_agent", "employee:e-024", "200.00", "化解群体投诉 settled a dispute of many"),
)


def rating_list(today: date) -> list[dict[str, Any]]:
    """Marks: of which card, and in whose name; who is null is entered by HR for the `rater`."""
    return [
        row
        for each in rounds(today)
        # Nobody rates before a day of the period is over.
        if each.start < today
        for subject in each.plan.subjects
        for item in _items(each, subject, today)
        for row in _marks(each, subject, item)
    ]


def points_list(today: date) -> list[dict[str, Any]]:
    """Rewards and penalties in points of last month's cards."""
    month = f"{months(today)[0]:%Y-%m}"
    return [
        {"cycle": f"{month}-{scheme}", "subject": subject, "points": points, "reason": reason}
        for scheme, subject, points, reason in _POINTS
    ]


def money_list(today: date) -> list[dict[str, Any]]:
    """Rewards and penalties in money of last month's cards."""
    month = f"{months(today)[0]:%Y-%m}"
    return [
        {"cycle": f"{month}-{scheme}", "subject": subject, "amount": amount, "reason": reason}
        for scheme, subject, amount, reason in _MONEY
    ]


def observation_list(today: date) -> list[Row]:
    """What the team leader saw of the agents in the two months before this one."""
    last = months(today)[0]
    return [
        {
            "employee": agent,
            "behaviour": behaviour,
            "month": f"{month:%Y-%m}",
            "holds": behaviour == "service_awareness" or agent in _LED_WELL,
            "comment": None,
        }
        for month in (months(last)[0], last)
        for agent in holders_of("pre_sales_agent")
        for behaviour in _BEHAVIOURS
    ]


def levels_wanted(today: date) -> tuple[str, str, str]:
    """Which ladder is assessed for which month, and who has observed."""
    leader = next(iter(holders_of("team_leader")))
    return LADDER, f"{months(today)[0]:%Y-%m}", leader


def _items(each: Round, subject: str, today: date) -> tuple[_Item, ...]:
    """Who moved on is rated by both schemes, on the card of the second."""
    rated = _RATED.get(each.plan.code, ())
    if subject == f"employee:{MOVER}" and each.start == months(today)[0]:
        return (*_RATED["operations_specialist"], *rated)
    return rated


def _marks(each: Round, subject: str, item: _Item) -> Iterator[dict[str, Any]]:
    for role in item.roles:
        for rater in _RATERS.get(role, (None,)):
            chance = Random(f"{SEED}/marks/{each.code}/{subject}/{item.code}/{role}/{rater}")
            given = _given(chance, item, told=_told(each, subject, item))
            is_outside = role in {"customer", "branch", "supervisor"}
            yield {
                "cycle": each.code,
                "subject": subject,
                "by": None if is_outside else rater or _who(role, subject),
                "rating": {
                    "item": item.code,
                    "role": role,
                    "rater": rater if is_outside else None,
                    **given,
                },
            }


def _told(each: Round, subject: str, item: _Item) -> object:
    if (each.plan.code, subject) != _FAILING:
        return None
    return _FAILED[item.code]


def _given(chance: Random, item: _Item, *, told: object) -> Row:
    if item.levels:
        return {"level": told or chance.choice(item.levels)}
    low, high, step = (Decimal(text) for text in item.marks)
    steps = chance.randint(0, int((high - low) / step))
    return {"mark": str(told or low + step * steps)}


def _who(role: str, subject: str) -> str:
    return subject.partition(":")[2] if role == "self" else superior_of(subject)
