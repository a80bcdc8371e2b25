"""What the made-up company watches: who reports daily, whom it asks, what was found, who mends it;
what is done for targets, and what past grades lead to.

Each function answers in the form in which `api.md` takes it, with whose it is beside it.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from typing import Any

from sandbox.lives import SEED
from sandbox.people import KEY_HOLDERS
from sandbox.plans import months

Row = dict[str, Any]

SURVEY = "service_in_autumn"
REPORTS_DAILY = ("traffic_manager",)
"""Of others the ERP states how many of their reports came in time."""
_RESPONDENTS = tuple(f"guest-{number:02}" for number in range(1, 26))
_ANSWERING = 18
_QUESTIONS = (
    ("shopping", "购物过程是否顺畅", "Was shopping easy?", "mark"),
    ("product", "产品是否符合描述", "Was the product as described?", "mark"),
    ("after_sales", "售后是否及时解决问题", "Were problems solved in time?", "mark"),
    ("words", "还有什么想说的", "What else would you tell us?", "text"),
)
_SLOW = "夜间咨询无人回复，第二天才处理 nobody answered at night"
_REMARKS = {
    KEY_HOLDERS["employee"]: (
        "活动流量达标，搜索下滑 campaign traffic on plan, search fell",
        "今日上新直通车词包 new keywords for search today",
    ),
    KEY_HOLDERS["lead"]: (
        "两店访客达成 both shops reach their visitors",
        "与商品部对齐上新 agree on what is new with the goods team",
    ),
}


def report_duty(today: date) -> Row:
    """`PUT /v1/report-duty`"""
    return {
        "positions": list(REPORTS_DAILY),
        "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "due_hours": 12,
        "from": (today - timedelta(days=1)).isoformat(),
    }


def reports(today: date) -> list[Row]:
    """`PUT /v1/reports`, each with whose key writes it."""
    yesterday = (today - timedelta(days=1)).isoformat()
    return [
        {
            "by": who,
            "report": {
                "subject": f"employee:{who}",
                "day": yesterday,
                "remark": remark,
                "plan": plan,
            },
        }
        for who, (remark, plan) in _REMARKS.items()
    ]


def survey(today: date) -> tuple[str, Row]:
    """`PUT /v1/surveys/{code}`"""
    return SURVEY, {
        "name": {"zh": "秋季服务调查", "en": "Service in autumn"},
        "about": "shop:tm-qinghe",
        "audience": "customers",
        "scale": 5,
        "questions": [
            {"code": code, "text": {"zh": zh, "en": en}, "kind": kind}
            for code, zh, en, kind in _QUESTIONS
        ],
        "opens_on": (today - timedelta(days=20)).isoformat(),
        "closes_on": (today + timedelta(days=10)).isoformat(),
    }


def respondents() -> list[str]:
    """`POST /v1/surveys/{code}/invitations`"""
    return list(_RESPONDENTS)


def answers() -> list[Row]:
    """`POST /v1/surveys/{code}/answers`: of those asked, some do not answer."""
    return [_answer(respondent) for respondent in _RESPONDENTS[:_ANSWERING]]


def cases(today: date) -> list[Row]:
    """`POST /v1/cases`, each with the steps that it takes and by whose key, null HR's."""
    stated = {"subject": "shop:tm-qinghe", "survey": SURVEY}
    return [
        {
            "case": stated
            | {
                "finding": _SLOW,
                "owner": "e-023",
                "due_on": (today - timedelta(days=2)).isoformat(),
                "respondent": _RESPONDENTS[0],
            },
            "steps": [],
        },
        {
            "case": stated
            | {
                "finding": "包装破损，赠品漏发 a torn box, the gift left out",
                "owner": "e-033",
                "due_on": (today + timedelta(days=5)).isoformat(),
                "respondent": _RESPONDENTS[1],
            },
            "steps": [
                (
                    "e-033",
                    {"step": "done", "note": "改用双层纸箱，补寄赠品 double boxes, gift sent"},
                ),
                ("e-033", {"step": "told", "note": "已电话致歉 rang up and said sorry"}),
                (None, {"step": "closed", "note": "复查合格 checked again"}),
            ],
        },
    ]


def target_plans(today: date) -> list[Row]:
    """`PUT /v1/target-plans`, each with what is reported of it and by whose key."""
    last, this = months(today)
    return [
        _plan(
            "employee:e-006",
            "visitors",
            this,
            (
                ("search", "优化搜索标题与主图 titles and pictures for search", "e-006", 20),
                ("campaign", "报名聚划算与超级品牌日 apply for two campaigns", "e-014", 25),
            ),
            reports=(("e-006", "search", "do", None),),
        ),
        _plan(
            "employee:e-005",
            "visitors",
            last,
            (("revive", "召回沉睡访客 bring sleeping visitors back", "e-013", 20),),
            reports=(("e-013", "revive", "check", "召回率 6 % six in a hundred came back"),),
        ),
    ]


def use_rules() -> list[tuple[str, Row, str]]:
    """`PUT /v1/use-rules/{code}`, and why the first of what one proposes is accepted."""
    return [
        (
            "to_team_leader",
            {
                "name": {"zh": "金牌客服晋升组长", "en": "Gold agents become team leaders"},
                "use": "promotion",
                "position": "pre_sales_agent",
                "to": "team_leader",
                "cycle": "month",
                "grades": ["gold"],
                "at_least": 1,
                "of_last": 3,
            },
            "下季度试任组长 leads a team on trial next quarter",
        ),
        (
            "training",
            {
                "name": {"zh": "末档安排培训", "en": "Who is lowest is trained"},
                "use": "training",
                "cycle": "month",
                "grades": ["C", "bronze", "none"],
                "at_least": 1,
                "of_last": 3,
            },
            "安排下月产品知识培训 a course on the products next month",
        ),
    ]


def _plan(
    subject: str,
    indicator: str,
    month: date,
    actions: Iterable[tuple[str, str, str, int]],
    *,
    reports: Iterable[tuple[str, str, str, str | None]],
) -> Row:
    """Actions with who does them and by which day of the month; then how some of them stand."""
    target = {"subject": subject, "indicator": indicator, "period": f"{month:%Y-%m}"}
    stated = [
        {"code": code, "what": what, "owner": owner, "due_on": f"{month.replace(day=day)}"}
        for code, what, owner, day in actions
    ]
    return {
        "plan": {**target, "mode": "scale", "actions": stated},
        "reports": [
            (by, {**target, "action": code, "state": state, "result": result})
            for by, code, state, result in reports
        ],
    }


def _answer(respondent: str) -> Row:
    chance = Random(f"{SEED}/survey/{respondent}")
    replies: list[Row] = [
        {"question": code, "mark": chance.choices((2, 3, 4, 5), (1, 2, 5, 6))[0]}
        for code, _, _, kind in _QUESTIONS
        if kind == "mark"
    ]
    if respondent == _RESPONDENTS[0]:
        replies.append({"question": "words", "text": _SLOW})
    return {"respondent": respondent, "answers": replies}
