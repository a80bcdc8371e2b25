"""Targets broken down over REST: to the last digit, by weights, history and calendar."""

from datetime import date
from decimal import Decimal

import pytest

from tests.api.appraisals import sell
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.graph.asking import ask as graph
from tests.api.graph.asking import whole
from tests.api.targeting import SALES, set_value, staff, worker
from tests.figures import Figures, Wrong


@pytest.fixture
async def staffed(company: Company) -> Company:
    await staff(company)
    return company


async def break_down(company: Company, **wanted: Json) -> Json:
    whole = {"subject": "unit:ops", "indicator": "net_sales", "period": "2026"}
    answer = await company.post("/v1/targets/break-down", {**whole, **wanted})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_year_is_broken_down_into_quarters_that_sum_to_it(staffed: Company) -> None:
    whole = {"subject": "unit:ops", "period": "2026"}
    await set_value(staffed, "100.000001", **whole)
    await set_value(staffed, "200", level="challenge", **whole)
    answer = await break_down(
        staffed, into="quarters", weights={f"2026-Q{n}": n for n in (1, 2, 3)}
    )
    assert answer == {
        "subject": "unit:ops",
        "indicator": "net_sales",
        "period": "2026",
        "into": "quarters",
        "by": "weights",
        "weights": {"2026-Q1": "1", "2026-Q2": "2", "2026-Q3": "3"},
        "complete": True,
        "levels": [
            {
                "level": "budget",
                "whole": "100.000001",
                "sum": "100.000001",
                "difference": "0",
                "parts": [
                    {"subject": "unit:ops", "period": "2026-Q1", "value": "16.666667"},
                    {"subject": "unit:ops", "period": "2026-Q2", "value": "33.333334"},
                    {"subject": "unit:ops", "period": "2026-Q3", "value": "50"},
                    {"subject": "unit:ops", "period": "2026-Q4", "value": None},
                ],
            },
            {
                "level": "challenge",
                "whole": "200",
                "sum": "200",
                "difference": "0",
                "parts": [
                    {"subject": "unit:ops", "period": "2026-Q1", "value": "33.333333"},
                    {"subject": "unit:ops", "period": "2026-Q2", "value": "66.666667"},
                    {"subject": "unit:ops", "period": "2026-Q3", "value": "100"},
                    {"subject": "unit:ops", "period": "2026-Q4", "value": None},
                ],
            },
        ],
    }
    q2 = (await staffed.get("/v1/targets?period=2026-Q2&subject=unit:ops")).json()["items"][0]
    assert (q2["value"], q2["reason"]) == (
        "33.333334",
        "broken down from unit:ops, 2026, by weights",
    )
    before = await staffed.digest()
    again = await break_down(staffed, into="quarters", weights={f"2026-Q{n}": n for n in (1, 2, 3)})
    assert again == answer
    assert await staffed.digest() == before


async def test_a_part_set_by_hand_makes_a_difference_that_is_shown(staffed: Company) -> None:
    await set_value(staffed, "90", subject="unit:ops", period="2026-Q4")
    await set_value(staffed, "40", subject="unit:ops", period="2026-12")
    answer = await break_down(
        staffed, period="2026-Q4", into="months", weights={"2026-10": "1", "2026-11": "1"}
    )
    level = answer["levels"][0]
    assert [part["value"] for part in level["parts"]] == ["45", "45", "40"]
    assert (level["whole"], level["sum"], level["difference"]) == ("90", "130", "-40")


@pytest.mark.parametrize(
    ("whole", "into", "parts"),
    [
        ("unit:ops", "units", ["unit:east", "unit:west"]),
        ("company", "units", ["unit:office", "unit:ops"]),
        ("unit:ops", "employees", ["employee:ann", "employee:bob", "employee:cyd"]),
        ("unit:east", "employees", ["employee:bob"]),
        ("shop:s2", "employees", ["employee:cyd"]),
        ("company", "employees", ["employee:ann", "employee:bob", "employee:cyd", "employee:dan"]),
        ("unit:ops", "shops", ["shop:s1", "shop:s2"]),
        ("employee:bob", "shops", ["shop:s1"]),
        ("company", "shops", ["shop:s1", "shop:s2"]),
    ],
)
async def test_without_weights_the_parts_there_are_get_equal_shares(
    staffed: Company, whole: str, into: str, parts: list[str]
) -> None:
    await set_value(staffed, "10", subject=whole, period="2026")
    (level,) = (await break_down(staffed, subject=whole, into=into))["levels"]
    assert [part["subject"] for part in level["parts"]] == parts
    values = [Decimal(part["value"]) for part in level["parts"]]
    assert sum(values) == 10
    assert max(values) - min(values) <= Decimal("0.000001")
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("wanted", "status", "code", "pointer"),
    [
        ({"subject": "unit:east", "into": "months"}, 409, "no_target", "/period"),
        ({"into": "quarters", "weights": {"2026-Q5": 1}}, 409, "unknown_part", "/weights/2026-Q5"),
        ({"into": "employees", "weights": {"dan": 1}}, 409, "unknown_part", "/weights/dan"),
        ({"into": "units", "weights": {"east": 0}}, 409, "weights_senseless", "/weights"),
        ({"into": "units", "weights": {"east": -1, "west": 2}}, 422, "invalid", "/weights/east"),
        ({"into": "units", "weights": {}}, 422, "invalid", "/weights"),
        ({"into": "weeks"}, 422, "invalid", "/into"),
        ({"period": "2026-10", "into": "months"}, 409, "no_parts", "/into"),
        ({"period": "2026-10", "into": "quarters"}, 409, "no_parts", "/into"),
        ({"subject": "unit:west", "into": "units"}, 409, "no_parts", "/into"),
        ({"subject": "employee:bob", "into": "employees"}, 409, "no_parts", "/into"),
        ({"subject": "shop:s1", "into": "shops"}, 409, "no_parts", "/into"),
        ({"indicator": "conversion_rate", "into": "months"}, 409, "not_additive", "/indicator"),
        ({"indicator": "no_such", "into": "months"}, 409, "unknown_indicator", "/indicator"),
        ({"period": "2026-13", "into": "months"}, 422, "period_invalid", "/period"),
        ({"into": "units", "by": "weights"}, 422, "weights_missing", "/weights"),
        ({"into": "units", "by": "market"}, 422, "invalid", "/by"),
        ({"into": "units", "by": "calendar"}, 409, "calendar_of_periods", "/by"),
        ({"into": "months", "by": "last_year"}, 409, "no_history", "/weights/2026-01"),
        ({"into": "months", "by": "last_periods", "periods": 25}, 422, "invalid", "/periods"),
        ({"into": "months", "periods": 2}, 422, "periods_unused", "/periods"),
        # Each of them is wrong, and none is looked at.
        (
            {"into": "units", "weights": {f"no code {n}": "x" for n in range(10_001)}},
            *(422, "invalid", "/weights"),
        ),
    ],
)
async def test_what_cannot_be_broken_down_is_refused(
    staffed: Company, wanted: Json, status: int, code: str, pointer: str
) -> None:
    for subject in ("unit:ops", "unit:west", "employee:bob", "shop:s1"):
        await set_value(staffed, "10", subject=subject, period="2026")
    await set_value(staffed, "10", subject="unit:ops", period="2026-10")
    before = await staffed.digest()
    whole = {"subject": "unit:ops", "indicator": "net_sales", "period": "2026"}
    answer = await staffed.post("/v1/targets/break-down", {**whole, **wanted})
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found[:1]) == (status, [(code, pointer)])
    assert await staffed.digest() == before


def sale(day: date, shop: str, amount: str, salesperson: str = "") -> Sale:
    return Sale(paid_on=day, shop=shop, amount=amount, salesperson=salesperson)


def values_of(answer: Json, level: int = 0) -> list[str | None]:
    return [part["value"] for part in answer["levels"][level]["parts"]]


async def test_parts_follow_last_year(staffed: Company) -> None:
    await sell(
        staffed,
        sale(date(2025, 10, 1), "s1", "100"),
        sale(date(2025, 11, 11), "s1", "500"),
        sale(date(2025, 10, 31), "s2", "200"),
        sale(date(2024, 10, 31), "s2", "9000"),
    )
    await set_value(staffed, "100.000001", subject="company")
    wanted = {"subject": "company", "period": "2026-10", "into": "shops"}
    answer = await break_down(staffed, **wanted, by="last_year")
    assert values_of(answer) == ["33.333334", "66.666667"]
    assert (answer["by"], answer["weights"]) == ("last_year", {"s1": "100", "s2": "200"})
    before = await staffed.digest()
    again = await break_down(staffed, **wanted, weights=answer["weights"])
    assert again == answer | {"by": "weights"}
    assert await staffed.digest() == before
    # A month that had nothing is not given nothing: it is named, and its weight is stated.
    await set_value(staffed, "1200", subject="shop:s1", period="2026-Q4")
    quarter = {"subject": "shop:s1", "indicator": "net_sales", "period": "2026-Q4"}
    body = {**quarter, "into": "months", "by": "last_year"}
    refused = await staffed.post("/v1/targets/break-down", body)
    assert [each["pointer"] for each in refused.json()["errors"]] == ["/weights/2026-12"]
    answer = await break_down(staffed, **body, weights={"2026-12": "600"})
    assert values_of(answer) == ["100", "500", "600"]


async def test_parts_follow_the_mean_of_the_last_periods(staffed: Company) -> None:
    await sell(
        staffed,
        sale(date(2026, 8, 1), "s1", "100", "bob"),
        sale(date(2026, 9, 30), "s1", "200", "bob"),
        sale(date(2026, 9, 1), "s2", "50", "cyd"),
        sale(date(2026, 7, 31), "s2", "9000", "cyd"),
        sale(date(2026, 9, 1), "s2", "150", "ann"),
    )
    for level, value in (("budget", "70"), ("challenge", "140")):
        await set_value(staffed, value, subject="unit:ops", level=level)
    answer = await break_down(
        staffed, period="2026-10", into="employees", by="last_periods", periods=2
    )
    assert answer["weights"] == {"ann": "150", "bob": "150", "cyd": "50"}
    assert values_of(answer) == ["30", "30", "10"]
    assert values_of(answer, 1) == ["60", "60", "20"]
    by_shops = await break_down(
        staffed, period="2026-10", into="employees", by="last_periods", periods=1, scope="shops",
        weights={"ann": "0"},
    )  # fmt: skip
    assert by_shops["weights"] == {"ann": "0", "bob": "200", "cyd": "200"}
    assert values_of(by_shops) == ["0", "35", "35"]
    history = await staffed.get("/v1/targets?subject=employee:bob&history=true")
    found = [(t["level"], t["value"], t["reason"]) for t in history.json()["items"]]
    reason = "broken down from unit:ops, 2026-10, by last_periods"
    assert found == [
        ("budget", "30", reason),
        ("budget", "35", reason),
        ("challenge", "60", reason),
        ("challenge", "70", reason),
    ]


async def test_months_follow_the_target_calendar(staffed: Company) -> None:
    stretches = [{"from": "2026-11-11", "to": "2026-11-12", "weight": "8"}]
    await staffed.put("/v1/target-calendar", {"stretches": stretches})
    await set_value(staffed, "99000.000001", subject="unit:ops", period="2026-Q4")
    answer = await break_down(staffed, period="2026-Q4", into="months", by="calendar")
    assert values_of(answer) == ["31000", "37000.000001", "31000"]
    assert answer["weights"] == {"2026-10": "31", "2026-11": "37", "2026-12": "31"}


async def differences(company: Company, query: str, key: str = "admin") -> Json:
    path = f"/v1/targets/differences?indicator=net_sales&period=2026-10&subject={query}"
    answer = await company.get(path, key=key)
    assert answer.status_code == 200, answer.text
    return [
        (
            item["into"],
            item["complete"],
            [
                (each["level"], each["whole"], each["sum"], each["difference"])
                for each in item["levels"]
            ],
        )
        for item in answer.json()["items"]
    ]


async def test_a_whole_is_compared_with_its_parts_level_by_level(staffed: Company) -> None:
    assert await differences(staffed, "unit:ops") == []
    assert await differences(staffed, "unit:ops&into=units") == [("units", True, [])]
    await set_value(staffed, "100", subject="unit:ops")
    await set_value(staffed, "30.5", subject="unit:east")
    await set_value(staffed, "80", subject="unit:west")
    await set_value(staffed, "70", subject="employee:bob", level="challenge")
    units = ("units", True, [("budget", "100", "110.5", "-10.5")])
    people = ("employees", True, [("budget", "100", "0", "100"), ("challenge", None, "70", None)])
    assert await differences(staffed, "unit:ops") == [units, people]
    assert await differences(staffed, "unit:ops&into=employees") == [people]
    about = 'subject: "unit:ops", indicator: "net_sales", period: "2026-10"'
    query = f"{{ targetDifferences({about}) {whole('TargetDifference')} }}"
    stated = await staffed.get(
        "/v1/targets/differences?subject=unit:ops&indicator=net_sales&period=2026-10"
    )
    items = stated.json()["items"]
    for item in items:
        item["into"] = item["into"].upper()
        for each in item["levels"]:
            each["level"] = each["level"].upper()
    assert (await graph(staffed, query))["targetDifferences"] == items
    for query, status in (
        ("subject=unit:none&indicator=net_sales&period=2026-10", 404),
        ("subject=unit:ops&indicator=no_such&period=2026-10", 404),
        ("subject=unit:ops&indicator=conversion_rate&period=2026-10", 409),
        ("subject=unit:west&indicator=net_sales&period=2026-10&into=units", 409),
        ("subject=unit:ops&indicator=net_sales&period=2026-13", 422),
        ("subject=unit:ops&indicator=net_sales", 422),
    ):
        answer = await staffed.get(f"/v1/targets/differences?{query}")
        assert answer.status_code == status, query


async def test_parts_out_of_view_are_neither_shown_nor_summed(staffed: Company) -> None:
    """Shop `s1` is answered for by bob and by dan of another lead's unit."""
    await staffed.fill("units", {"code": "office", "name": "office", "parent": None, "lead": "dan"})
    dan = worker("dan", "office", ["s1"])
    dan["assignments"][0]["position"] = "buyer"
    await staffed.fill("employees", dan)
    await staffed.make_key("lead", "lead", "ann")
    await set_value(staffed, "10", subject="shop:s1")
    await set_value(staffed, "4", subject="employee:bob")
    await set_value(staffed, "6", subject="employee:dan")
    everything = ("employees", True, [("budget", "10", "10", "0")])
    assert await differences(staffed, "shop:s1") == [everything]
    seen = ("employees", False, [("budget", "10", "4", "6")])
    assert await differences(staffed, "shop:s1", key="lead") == [seen]
    body = {"subject": "shop:s1", "indicator": "net_sales", "period": "2026-10"}
    answer = await staffed.post(
        "/v1/targets/break-down", {**body, "into": "employees", "weights": {"bob": "1"}}, key="lead"
    )
    assert "dan" not in answer.text
    assert values_of(answer.json()) == ["10"]
    before = await staffed.digest()
    for by in ("equal", "last_year"):
        refused = await staffed.post(
            "/v1/targets/break-down", {**body, "into": "employees", "by": by}, key="lead"
        )
        assert (refused.status_code, "dan" in refused.text) == (404, False)
    assert await staffed.digest() == before


async def test_scenario_a08_nobody_sets_the_own_target(staffed: Company, figure: Figures) -> None:
    """Whatever the role; each attempt is refused and changes nothing."""
    tried = 0
    await set_value(staffed, "10", subject="unit:ops")
    await set_value(staffed, "10", subject="unit:ops", period="2026-Q4")
    for role in ("admin", "hr", "lead", "employee"):
        await staffed.make_key(f"own {role}", role, "ann")
        before = await staffed.digest()
        other = {**SALES, "subject": "employee:bob"}
        whole = {"subject": "unit:ops", "indicator": "net_sales", "period": "2026-10"}
        for method, path, body in (
            ("PUT", "/v1/targets", [SALES]),
            ("PUT", "/v1/targets", [other, SALES]),
            ("PUT", "/v1/targets", [other, {**SALES, "subject": "unit:ops"}]),
            ("POST", "/v1/targets/break-down", {**whole, "into": "months", "period": "2026-Q4"}),
            ("POST", "/v1/targets/break-down", {**whole, "into": "employees"}),
            ("POST", "/v1/targets/break-down",
             {**whole, "into": "employees", "weights": {"bob": "1", "ann": "0"}}),
        ):  # fmt: skip
            answer = await staffed.ask(method, path, body, key=f"own {role}")
            assert answer.status_code == 403, (role, path, answer.text)
            tried += 1
        assert await staffed.digest() == before, role
    figure("A08", Wrong.ACCEPTED, 0, tried=tried, of="ways to set one's own target")


async def test_the_past_proposes_a_target_and_sets_none(staffed: Company) -> None:
    await sell(
        staffed,
        sale(date(2025, 10, 31), "s1", "1000"),
        sale(date(2026, 9, 1), "s1", "200"),
        sale(date(2026, 7, 1), "s1", "100.01"),
    )
    before = await staffed.digest()

    async def proposal(query: str) -> Json:
        answer = await staffed.get(f"/v1/targets/proposal?subject=shop:s1&period=2026-10&{query}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert await proposal("indicator=net_sales&growth=0.15") == {
        "subject": "shop:s1",
        "indicator": "net_sales",
        "period": "2026-10",
        "past": [{"period": "2025-10", "value": "1000", "reason": None}],
        "base": "1000",
        "growth": "0.15",
        "value": "1150",
    }
    mean = await proposal("indicator=net_sales&by=last_periods")
    assert [(each["period"], each["value"], each["reason"]) for each in mean["past"]] == [
        ("2026-09", "200", None),
        ("2026-08", None, "no_rows"),
        ("2026-07", "100.01", None),
    ]
    assert (mean["base"], mean["value"]) == ("150.005", "150.005")
    # The mean of 200 / 1 and 100.01 / 1 would weigh months alike: a ratio is of all its orders.
    ratio = await proposal("indicator=average_order_value&by=last_periods&growth=-0.5")
    assert [each["period"] for each in ratio["past"]] == ["2026-07-01/2026-10-01"]
    assert (ratio["base"], ratio["value"]) == ("150.005", "75.0025")
    nothing = await proposal("indicator=visitors")
    assert (nothing["base"], nothing["value"]) == (None, None)
    assert await staffed.digest() == before
    for query in ("growth=-1.1", "growth=0.00001", "by=market", "periods=0", "periods=25"):
        path = f"/v1/targets/proposal?subject=shop:s1&period=2026-10&indicator=net_sales&{query}"
        assert (await staffed.get(path)).status_code == 422, query
