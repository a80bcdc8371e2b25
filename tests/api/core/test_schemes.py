"""Scheme documents: read whole, written back the same, every fault of form with its place."""

import json
from decimal import Decimal

import pytest

from services.api.core.documents import to_bytes
from services.api.core.schemes import gate_to_wire, parse_scheme, scheme_to_wire
from services.schema.errors import Invalid
from services.schema.shapes.pay_plans import Band, Commission, GradeBonus
from services.schema.shapes.schemes import (
    Bounds,
    Curve,
    Deduct,
    Distribution,
    DistributionShare,
    Gate,
    Grade,
    Item,
    ItemTarget,
    Name,
    Pass,
    Ratio,
    Step,
    Steps,
)
from services.schema.words import (
    Approver,
    CoefficientOf,
    CycleKind,
    GateOf,
    Missing,
    Of,
    Scope,
    TargetKind,
    TargetLevel,
)
from tests.api.core.scoring import CONTRACT, NAME, RATIO, Document, flat, item

d = Decimal

RULES: tuple[Document, ...] = (
    {"kind": "ratio", "floor": "0", "cap": None},
    {
        "kind": "steps",
        "of": "attainment",
        "steps": [
            {"level": "challenge", "at_least": "1", "score": "30"},
            {"level": "budget", "at_least": "0", "score": "0"},
        ],
    },
    {"kind": "steps", "of": "value", "steps": [{"at_most": "35", "score": "100"}]},
    {"kind": "curve", "of": "value", "points": [["0.06", "80"], ["0.13", "100"]]},
    {"kind": "deduct", "per_occurrence": "5", "free": "1", "floor": "0"},
    {"kind": "pass", "of": "value", "at_most": "0.05"},
    {"kind": "pass", "of": "attainment", "at_least": "1"},
)


def faults_of(document: Document) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        parse_scheme(document)
    return [(fault.pointer, fault.code) for fault in refusal.value.faults]


def test_the_document_of_the_contract() -> None:
    scheme = parse_scheme(CONTRACT)
    assert scheme.name == Name("流量经理", "Traffic manager")
    assert (scheme.cycle, scheme.full_mark) == (CycleKind.MONTH, d("100"))
    visitors, share = scheme.sections[0].items
    assert visitors == Item(
        code="visitors",
        name=None,
        indicator="visitors",
        weight=d("25"),
        scope=Scope.SHOPS,
        target=ItemTarget(TargetKind.SET),
        rule=Ratio(d("0"), d("120")),
        missing=Missing.BLOCK,
        full_mark=None,
    )
    assert share.target == ItemTarget(TargetKind.FIXED, d("0.45"))
    assert (share.rule, share.missing) == (Ratio(), Missing.BLOCK)
    assert scheme.gates == (
        Gate("values", None, GateOf.SCORE, d("3"), None, None, fail=True, cap=None, grade=None),
    )
    assert scheme.adjustments == Bounds(d("-10"), d("10"))
    assert scheme.grades == (
        Grade("A", d("90"), d("1.2")),
        Grade("B", d("75"), d("1")),
        Grade("C", d("0"), d("0.6")),
    )
    assert scheme.distribution == Distribution(
        (
            DistributionShare("A", d("20")),
            DistributionShare("B", d("70")),
            DistributionShare("C", d("10")),
        ),
        10,
        ("net_sales",),
    )
    assert scheme.approval == (Approver.MANAGER, Approver.SECOND_LEVEL, Approver.HR)
    assert scheme.pay == (
        Commission(
            indicator="net_sales",
            bands=(Band(d("0"), d("0.01")), Band(d("100000"), d("0.02"))),
            coefficient=CoefficientOf.GRADE,
        ),
    )
    assert scheme.note is None


def test_what_is_written_back_reads_the_same_and_writes_the_same() -> None:
    written = scheme_to_wire(parse_scheme(CONTRACT))
    assert parse_scheme(written) == parse_scheme(CONTRACT)
    assert scheme_to_wire(parse_scheme(written)) == written
    assert json.loads(to_bytes(written)) == written


def test_the_least_document_has_its_defaults() -> None:
    scheme = parse_scheme({"name": NAME, "cycle": "quarter"})
    assert scheme_to_wire(scheme) == {
        "name": NAME,
        "cycle": "quarter",
        "full_mark": "100",
        "sections": [],
        "gates": [],
        "adjustments": None,
        "grades": [],
        "distribution": None,
        "approval": [],
        "pay": [],
        "note": None,
    }


def test_days_of_appeal_are_written_only_where_they_are_stated() -> None:
    """So versions from before there were any keep their fingerprints."""
    scheme = parse_scheme({"name": NAME, "cycle": "quarter", "appeal_days": 0})
    assert scheme.appeal_days == 0
    assert scheme_to_wire(scheme)["appeal_days"] == 0


def test_numbers_may_be_numbers_and_stay_exact() -> None:
    stated = flat({**item("a", "0"), "weight": Decimal("10.93")}, full_mark=5)
    scheme = parse_scheme(stated)
    assert (scheme.full_mark, scheme.sections[0].items[0].weight) == (d("5"), d("10.93"))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_written_back_as_it_is_read(rule: Document) -> None:
    scheme = parse_scheme(flat(item("a", "100", rule)))
    written = scheme_to_wire(scheme)
    assert parse_scheme(written) == scheme
    sections = written["sections"]
    assert isinstance(sections, list)
    assert sections[0]["items"][0]["rule"] == rule


def test_rules_have_the_defaults_of_the_contract() -> None:
    stated: tuple[Document, ...] = (
        {"kind": "ratio"},
        {"kind": "steps", "steps": [{"at_least": "1", "score": "30"}]},
        {"kind": "curve", "points": [["0", "0"]]},
        {"kind": "deduct", "per_occurrence": "5"},
        {"kind": "pass", "at_least": "1"},
        {"kind": "steps", "of": "attainment", "steps": [{"at_most": "1", "score": "2"}]},
    )
    items = (item(f"i{number}", "1", rule) for number, rule in enumerate(stated))
    rules = [each.rule for each in parse_scheme(flat(*items)).sections[0].items]
    assert rules == [
        Ratio(d("0"), None),
        Steps((Step(d("30"), at_least=d("1")),), Of.VALUE),
        Curve(((d("0"), d("0")),), Of.VALUE),
        Deduct(d("5"), d("0"), d("0")),
        Pass(at_least=d("1")),
        Steps((Step(d("2"), at_most=d("1"), level=TargetLevel.BUDGET),), Of.ATTAINMENT),
    ]


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        (None, [("", "required"), ("/kind", "required")]),
        ({"kind": "magic"}, [("/kind", "word_unknown")]),
        ({"kind": "ratio", "of": "value"}, [("/of", "unknown_field")]),
        ({"kind": "ratio", "cap": "1.00001"}, [("/cap", "too_many_decimals")]),
        ({"kind": "steps", "of": "score"}, [("/of", "word_unknown")]),
        (
            {"kind": "steps", "steps": [{"at_least": "1", "at_most": "2", "score": "1"}]},
            [("/steps/0", "one_expected")],
        ),
        ({"kind": "steps", "steps": [{"at_least": "1"}]}, [("/steps/0/score", "required")]),
        (
            {"kind": "steps", "steps": [{"level": "challenge", "at_least": "1", "score": "1"}]},
            [("/steps/0/level", "level_without_attainment")],
        ),
        ({"kind": "curve", "points": [["1"]]}, [("/points/0", "pair_expected")]),
        ({"kind": "deduct"}, [("/per_occurrence", "required")]),
        ({"kind": "pass"}, [("", "one_expected")]),
        ({"kind": "pass", "at_least": "NaN"}, [("/at_least", "decimal_invalid")]),
    ],
)
def test_a_rule_at_fault(rule: Document | None, faults: list[tuple[str, str]]) -> None:
    stated = {**item("a", "100"), "rule": rule}
    at = "/sections/0/items/0/rule"
    assert faults_of(flat(stated)) == [(f"{at}{pointer}", code) for pointer, code in faults]


def test_a_bound_has_the_digits_of_a_value() -> None:
    for name in ("at_least", "at_most"):
        rule: Document = {"kind": "pass", "of": "value", name: "99999999999999.999999"}
        kept = scheme_to_wire(parse_scheme(flat(item("a", "100", rule))))["sections"]
        assert isinstance(kept, list)
        assert kept[0]["items"][0]["rule"] == rule
        over = {**rule, name: "100000000000000"}
        place = f"/sections/0/items/0/rule/{name}"
        assert faults_of(flat(item("a", "100", over))) == [(place, "decimal_too_large")]


def test_a_step_of_a_value_knows_no_level() -> None:
    steps = [{"level": "challenge", "at_least": "1", "score": "1"}]
    with pytest.raises(Invalid) as refusal:
        parse_scheme(flat(item("a", "100", {"kind": "steps", "steps": steps})))
    assert [fault.detail for fault in refusal.value.faults] == [
        'A step names a level only where the rule is of "attainment".'
    ]
    # To name the usual one says nothing that is not so.
    steps = [{"level": "budget", "at_least": "1", "score": "1"}]
    scheme = parse_scheme(flat(item("a", "100", {"kind": "steps", "steps": steps})))
    assert scheme.sections[0].items[0].rule == Steps((Step(d("1"), at_least=d("1")),))


@pytest.mark.parametrize(
    ("gate", "faults"),
    [
        ({}, [("/then", "required"), ("/when", "required")]),
        (
            {"when": {"section": "a", "item": "b", "below": "1"}, "then": {"cap": "5"}},
            [("/when", "one_expected")],
        ),
        (
            {"when": {"item": "b", "below": "1", "at_most": "1"}, "then": {"cap": "5"}},
            [("/when", "one_expected")],
        ),
        (
            {"when": {"item": "b", "below": "1"}, "then": {"cap": "5", "fail": True}},
            [("/then", "one_expected")],
        ),
        (
            {"when": {"item": "b", "below": "1"}, "then": {"fail": False}},
            [("/then/fail", "fail_is_true")],
        ),
        (
            {"when": {"section": "a", "of": "value", "below": "1"}, "then": {"fail": True}},
            [("/when/of", "section_score_only")],
        ),
        (
            {"when": {"item": "b", "below": "0.00001"}, "then": {"cap": "5.001"}},
            [("/then/cap", "too_many_decimals"), ("/when/below", "too_many_decimals")],
        ),
    ],
)
def test_a_gate_at_fault(gate: Document, faults: list[tuple[str, str]]) -> None:
    expected = [(f"/gates/0{pointer}", code) for pointer, code in faults]
    found = faults_of(flat(item("b", "100"), gates=[gate]))
    # What is missing whole is also missing in its parts.
    assert [fault for fault in found if fault in expected] == expected


@pytest.mark.parametrize(
    "gate",
    [
        {"when": {"section": "a", "of": "score", "below": "3"}, "then": {"fail": True}},
        {"when": {"item": "b", "of": "value", "at_least": "0.000001"}, "then": {"cap": "0"}},
        {"when": {"item": "b", "of": "attainment", "at_most": "0"}, "then": {"grade": "C"}},
    ],
)
def test_a_gate_is_written_back_as_it_is_read(gate: Document) -> None:
    scheme = parse_scheme(flat(item("b", "100"), gates=[gate]))
    assert gate_to_wire(scheme.gates[0]) == gate


def test_grades_are_kept_best_first_in_whatever_order_they_are_stated() -> None:
    grades = [
        {"grade": "C", "from": "0", "coefficient": "0.6"},
        {"grade": "A", "from": "90", "coefficient": "1.2"},
        {"grade": "B", "from": "75", "coefficient": "1"},
    ]
    scheme = parse_scheme(flat(item("a", "100"), grades=grades))
    assert [grade.grade for grade in scheme.grades] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("pay", "faults"),
    [
        ({"plan": "leader_mean", "indicator": "x"}, [("/indicator", "unknown_field")]),
        ({"plan": "grade_bonus"}, [("/base", "required")]),
        ({"plan": "grade_bonus", "base": "1.00001"}, [("/base", "too_many_decimals")]),
        ({"plan": "commission", "rate": "0.1"}, [("/indicator", "required")]),
        ({"plan": "commission", "indicator": "net_sales"}, [("", "one_expected")]),
        (
            {"plan": "commission", "indicator": "net_sales", "rate": "0.1", "bands": []},
            [("", "one_expected")],
        ),
        (
            {"plan": "commission", "indicator": "net_sales", "rate": "0.0000001"},
            [("/rate", "too_many_decimals")],
        ),
        (
            {
                "plan": "commission",
                "indicator": "net_sales",
                "rate": "0.1",
                "coefficient": "mood",
            },
            [("/coefficient", "word_unknown")],
        ),
    ],
)
def test_pay_at_fault(pay: Document, faults: list[tuple[str, str]]) -> None:
    expected = [(f"/pay/0{pointer}", code) for pointer, code in faults]
    assert faults_of(flat(item("a", "100"), pay=[pay])) == expected


def test_a_flat_rate_is_one_band_from_0() -> None:
    pay = [{"plan": "commission", "indicator": "net_sales", "rate": "0.04"}]
    scheme = parse_scheme(flat(item("a", "100"), pay=pay))
    assert scheme.pay == (Commission("net_sales", (Band(d("0"), d("0.04")),)),)
    assert parse_scheme(scheme_to_wire(scheme)) == scheme


def test_a_grade_bonus_is_written_back_as_it_is_read() -> None:
    pay = [{"plan": "grade_bonus", "base": "1000.5"}]
    scheme = parse_scheme(flat(item("a", "100"), pay=pay))
    assert scheme.pay == (GradeBonus(d("1000.5")),)
    assert scheme_to_wire(scheme)["pay"] == pay


def test_a_fixed_target_may_have_a_challenge() -> None:
    target = {"kind": "fixed", "value": "0.06", "challenge": "0.13"}
    scheme = parse_scheme(flat(item("a", "100", RATIO, target=target)))
    kept = scheme.sections[0].items[0].target
    assert kept == ItemTarget(TargetKind.FIXED, d("0.06"), d("0.13"))
    assert parse_scheme(scheme_to_wire(scheme)) == scheme


def test_faults_all_over_a_document_are_named_at_once() -> None:
    stated = flat(
        item("a b", "1.00001", indicator="Net", scope="galaxy", target={"kind": "fixed"}),
        name={"zh": "考核"},
        cycle="week",
        full_mark="1e2",
        mood="good",
        adjustments={"minimum": "-1.001"},
        distribution={"shares": [{}], "minimum_population": "10", "tie_breakers": ["A"]},
        approval=["boss"],
        note="",
        appeal_days="7",
    )
    assert faults_of(stated) == [
        ("/adjustments/maximum", "required"),
        ("/adjustments/minimum", "too_many_decimals"),
        ("/appeal_days", "count_invalid"),
        ("/approval/0", "word_unknown"),
        ("/cycle", "word_unknown"),
        ("/distribution/minimum_population", "count_invalid"),
        ("/distribution/shares/0/grade", "required"),
        ("/distribution/shares/0/share", "required"),
        ("/distribution/tie_breakers/0", "code_invalid"),
        ("/full_mark", "decimal_invalid"),
        ("/mood", "unknown_field"),
        ("/name/en", "required"),
        ("/note", "text_invalid"),
        ("/sections/0/items/0/code", "code_invalid"),
        ("/sections/0/items/0/indicator", "code_invalid"),
        ("/sections/0/items/0/scope", "word_unknown"),
        ("/sections/0/items/0/target/value", "required"),
        ("/sections/0/items/0/weight", "too_many_decimals"),
    ]
