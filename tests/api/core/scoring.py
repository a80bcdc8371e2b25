"""Short ways to write a scheme, the inputs of its items, and the card that they make."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from services.api.core.card_documents import fingerprint
from services.api.core.schemes import parse_scheme
from services.api.core.scorecards import score
from services.schema.shapes.coverage import WHOLE
from services.schema.shapes.indicators import Explained, Indicator, Value
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import (
    Adjustment,
    CardHead,
    ItemInput,
    Line,
    Score,
    Segment,
    SegmentInput,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import (
    Better,
    IndicatorUnit,
    NoValue,
    ScorecardStatus,
    SubjectKind,
    TargetLevel,
)

Document = dict[str, object]

NAME = {"zh": "考核", "en": "Appraisal"}
START = date(2026, 10, 1)
EMPLOYEE = Subject(SubjectKind.EMPLOYEE, "e-1")
RATIO: Document = {"kind": "ratio"}
IS_VALUE: Document = {"kind": "curve", "points": [["0", "0"], ["1000", "1000"]]}
"""A rule whose score is the value itself, up to 1000."""
GRADES: list[Document] = [
    {"grade": "A", "from": "90", "coefficient": "1.2"},
    {"grade": "B", "from": "75", "coefficient": "1"},
    {"grade": "C", "from": "0", "coefficient": "0.6"},
]


def known(
    *codes: str, unit: IndicatorUnit = IndicatorUnit.MONEY, better: Better = Better.HIGHER
) -> dict[str, Indicator]:
    """Indicators of such codes; money may be below zero, and a commission may be paid on it."""
    return {
        code: Indicator(code, code, code, None, unit, better, version=0, family="sales")
        for code in codes
    }


def item(code: str, weight: str, rule: Document | None = None, **more: object) -> Document:
    return {
        "code": code,
        "indicator": code,
        "weight": weight,
        "rule": IS_VALUE if rule is None else rule,
        "target": {"kind": "set"},
        **more,
    }


def section(code: str, weight: str, *items: Document) -> Document:
    return {"code": code, "name": NAME, "weight": weight, "items": list(items)}


def document(*sections: Document, **more: object) -> Document:
    return {
        "name": NAME,
        "cycle": "month",
        "sections": list(sections),
        "grades": GRADES,
        **more,
    }


def flat(*items: Document, **more: object) -> Document:
    """A scheme of one section."""
    return document(section("all", "100", *items), **more)


def given(
    value: str | None,
    *,
    budget: str | None = None,
    challenge: str | None = None,
    better: Better = Better.HIGHER,
    explained: Explained | None = None,
) -> ItemInput:
    levels = {TargetLevel.BUDGET: budget, TargetLevel.CHALLENGE: challenge}
    return ItemInput(
        value=Value(None, NoValue.NO_ROWS) if value is None else Value(Decimal(value), None),
        targets={
            level: TargetInForce(
                Decimal(target), Decimal(target), EMPLOYEE, 31, 31, Decimal(31), Decimal(31)
            )
            for level, target in levels.items()
            if target is not None
        },
        better=better,
        explained=explained,
    )


def segment_input(
    stated: Document,
    inputs: Mapping[str, ItemInput | str | None],
    *,
    days: int = 31,
    after: int = 0,
) -> SegmentInput:
    """A segment of so many days that begins so many days into the month."""
    start = START + timedelta(days=after)
    return SegmentInput(
        Segment(start, start + timedelta(days=days), "guide", "north", "front", 1),
        parse_scheme(stated),
        {
            code: each if isinstance(each, ItemInput) else given(each)
            for code, each in inputs.items()
        },
    )


def scored(
    stated: Document,
    inputs: Mapping[str, ItemInput | str | None],
    adjustments: Sequence[Adjustment] = (),
) -> Score:
    """The card of one segment; a text is a value without targets."""
    return score([segment_input(stated, inputs)], adjustments)


def lines_of(card: Score) -> dict[str, Line]:
    return {line.item: line for each in card.segments for line in each.lines}


def head(segments: Sequence[SegmentInput], adjustments: Sequence[Adjustment] = ()) -> CardHead:
    return CardHead(
        id="sc_1",
        cycle="2026-10-front",
        subject=EMPLOYEE,
        revision=1,
        status=ScorecardStatus.LIVE,
        rank=1,
        coverage=WHOLE,
        computed_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
        fingerprint=fingerprint("2026-10-front", EMPLOYEE, segments, adjustments),
    )


def scheme_of(stated: Document) -> Scheme:
    return parse_scheme(stated)


# The document of `api.md`, section 4, with its names filled in.
CONTRACT: Document = {
    "name": {"zh": "流量经理", "en": "Traffic manager"},
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {
            "code": "traffic",
            "name": NAME,
            "weight": "100",
            "items": [
                {
                    "code": "visitors",
                    "indicator": "visitors",
                    "weight": "25",
                    "scope": "shops",
                    "target": {"kind": "set"},
                    "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
                    "missing": "block",
                },
                {
                    "code": "campaign_visitor_share",
                    "indicator": "campaign_visitor_share",
                    "weight": "15",
                    "scope": "shops",
                    "target": {"kind": "fixed", "value": "0.45"},
                    "rule": {"kind": "ratio"},
                },
            ],
        }
    ],
    "gates": [{"when": {"section": "values", "below": "3"}, "then": {"fail": True}}],
    "adjustments": {"minimum": "-10", "maximum": "10"},
    "grades": [
        {"grade": "A", "from": "90", "coefficient": "1.2"},
        {"grade": "B", "from": "75", "coefficient": "1"},
        {"grade": "C", "from": "0", "coefficient": "0.6"},
    ],
    "distribution": {
        "shares": [
            {"grade": "A", "share": "20"},
            {"grade": "B", "share": "70"},
            {"grade": "C", "share": "10"},
        ],
        "minimum_population": 10,
        "tie_breakers": ["net_sales"],
    },
    "approval": ["manager", "second_level", "hr"],
    "pay": [
        {
            "plan": "commission",
            "indicator": "net_sales",
            "bands": [{"from": "0", "rate": "0.01"}, {"from": "100000", "rate": "0.02"}],
            "coefficient": "grade",
        }
    ],
}
