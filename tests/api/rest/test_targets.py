"""Targets over REST: set all or none, kept with their history, broken down to the last digit."""

from decimal import Decimal

import pytest

from tests.api.companies import Company, Json

SALES = {
    "subject": "employee:ann",
    "indicator": "net_sales",
    "period": "2026-10",
    "level": "budget",
    "value": "120000.5",
    "reason": "a good month",
}


def worker(code: str, unit: str, shops: list[str]) -> Json:
    held = {
        "position": "agent",
        "unit": unit,
        "from": "2026-01-01",
        "shops": [{"shop": shop} for shop in shops],
    }
    return {"code": code, "name": code, "assignments": [held]}


@pytest.fixture
async def staffed(company: Company) -> Company:
    """Two units under one, three people in them, two shops."""
    shop = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await company.fill("shops", {"code": "s1", **shop}, {"code": "s2", **shop})
    units = (("ops", None), ("east", "ops"), ("west", "ops"), ("office", None))
    await company.fill(
        "units",
        *({"code": code, "name": code, "parent": above, "lead": "ann"} for code, above in units),
    )
    work: Json = (
        ("ann", "ops", []),
        ("bob", "east", ["s1"]),
        ("cyd", "west", ["s2"]),
        ("dan", "office", []),
    )
    await company.fill("employees", *(worker(*each) for each in work))
    return company


async def set_value(company: Company, value: str, **change: Json) -> None:
    answer = await company.put("/v1/targets", [{**SALES, "value": value, **change}])
    assert answer.status_code == 200, answer.text


async def test_a_target_is_set_and_listed(staffed: Company) -> None:
    answer = await staffed.put("/v1/targets", [SALES])
    assert answer.status_code == 200
    (target,) = answer.json()["items"]
    assert target.pop("author").startswith("key:key_")
    assert target.pop("set_at").endswith("Z")
    assert target == {**SALES, "revision": 1}
    listed = (await staffed.get("/v1/targets")).json()
    assert (listed["total"], listed["next_cursor"]) == (1, None)
    assert listed["items"] == answer.json()["items"]


async def test_a_change_is_a_revision_and_the_history_stays(staffed: Company) -> None:
    await set_value(staffed, "100", reason=None)
    before = await staffed.digest()
    await set_value(staffed, "100.000", reason="the same")
    assert await staffed.digest() == before
    await set_value(staffed, "130", reason="618")
    await set_value(staffed, "150", level="challenge", reason=None)
    listed = (await staffed.get("/v1/targets")).json()
    found = [(t["level"], t["value"], t["revision"], t["reason"]) for t in listed["items"]]
    assert found == [("budget", "130", 2, "618"), ("challenge", "150", 1, None)]
    history = (await staffed.get("/v1/targets?history=true&limit=2")).json()
    assert [(t["value"], t["revision"]) for t in history["items"]] == [("100", 1), ("130", 2)]
    assert history["total"] == 3
    rest = await staffed.get(f"/v1/targets?history=true&cursor={history['next_cursor']}")
    assert [t["level"] for t in rest.json()["items"]] == ["challenge"]
    last = (await staffed.get("/v1/audit?limit=500")).json()["items"][-2]
    assert (last["action"], last["object"]) == ("target.set", "employee:ann")
    assert (last["detail"]["before"], last["detail"]["value"]) == ("100", "130")


async def test_lists_are_filtered(staffed: Company) -> None:
    for change in (
        {},
        {"subject": "company"},
        {"indicator": "orders"},
        {"period": "2026-Q4"},
        {"period": "2010-12-29/2011-03-31"},
    ):
        await set_value(staffed, "1", **change)
    for query, total in (
        ("subject=employee:ann", 4),
        ("subject=company", 1),
        ("subject=employee:nobody", 0),
        ("indicator=orders", 1),
        ("period=2026-10", 3),
        ("period=2010-12-29/2011-03-31&indicator=net_sales", 1),
    ):
        assert (await staffed.get(f"/v1/targets?{query}")).json()["total"] == total, query
    for query in ("subject=ann", "limit=0", "limit=501", "colour=red", "cursor=x"):
        assert (await staffed.get(f"/v1/targets?{query}")).status_code == 422, query


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"subject": "employee:eve"}, 409, "unknown_employee", "/1/subject"),
        ({"subject": "unit:none"}, 409, "unknown_unit", "/1/subject"),
        ({"subject": "shop:none"}, 409, "unknown_shop", "/1/subject"),
        ({"subject": "ann"}, 422, "invalid", "/1/subject"),
        ({"subject": "company:x"}, 422, "invalid", "/1/subject"),
        ({"indicator": "no_such"}, 409, "unknown_indicator", "/1/indicator"),
        ({"indicator": "Net"}, 422, "invalid", "/1/indicator"),
        ({"period": "2026-13"}, 422, "period_invalid", "/1/period"),
        ({"period": "2026-Q5"}, 422, "period_invalid", "/1/period"),
        ({"period": "9999-12"}, 422, "period_invalid", "/1/period"),
        ({"period": "2026-10-02/2026-10-01"}, 422, "period_invalid", "/1/period"),
        ({"level": "stretch"}, 422, "invalid", "/1/level"),
        ({"value": "1.1234567"}, 422, "invalid", "/1/value"),
        ({"value": "123456789012345"}, 422, "invalid", "/1/value"),
        ({"value": "1e3"}, 422, "invalid", "/1/value"),
        ({"value": "１"}, 422, "invalid", "/1/value"),
        ({"value": None}, 422, "invalid", "/1/value"),
        ({"reason": ""}, 422, "invalid", "/1/reason"),
        ({"author": "me"}, 422, "unknown_field", "/1/author"),
        ({"period": "2026-09"}, 422, "stated_twice", "/1"),
    ],
)
async def test_one_bad_target_refuses_all(
    staffed: Company, change: Json, status: int, code: str, pointer: str
) -> None:
    before = await staffed.digest()
    first = {**SALES, "period": "2026-09"}
    answer = await staffed.put("/v1/targets", [first, {**SALES, **change}])
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (status, [(code, pointer)])
    assert await staffed.digest() == before


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
    assert (q2["value"], q2["reason"]) == ("33.333334", "broken down from unit:ops, 2026")
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
    assert (answer.status_code, found) == (status, [(code, pointer)])
    assert await staffed.digest() == before


async def test_a_lead_sets_targets_below_and_never_the_own(staffed: Company) -> None:
    await staffed.make_key("lead", "lead", "ann")
    bob = {**SALES, "subject": "employee:bob", "reason": None}
    assert (await staffed.put("/v1/targets", [bob], key="lead")).status_code == 200
    await set_value(staffed, "10", subject="unit:ops", period="2026-Q4")
    before = await staffed.digest()
    for subject, status, code in (
        ("employee:ann", 403, "own_target"),
        ("unit:ops", 403, "own_target"),
        ("employee:nobody", 404, "not_found"),
        ("unit:none", 404, "not_found"),
        ("company", 404, "not_found"),
    ):
        answer = await staffed.put(
            "/v1/targets", [bob | {"value": "1"}, {**bob, "subject": subject}], key="lead"
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code), subject
    whole: Json = {"subject": "unit:ops", "indicator": "net_sales", "period": "2026-Q4"}
    for wanted, status in (
        ({"into": "employees"}, 403),
        ({"into": "months"}, 403),
        ({"into": "months", "subject": "company"}, 404),
    ):
        answer = await staffed.post("/v1/targets/break-down", {**whole, **wanted}, key="lead")
        assert answer.status_code == status, wanted
    assert await staffed.digest() == before
    below = {**whole, "into": "employees", "weights": {"bob": 3, "cyd": 1}}
    answer = await staffed.post("/v1/targets/break-down", below, key="lead")
    parts = answer.json()["levels"][0]["parts"]
    assert [part["value"] for part in parts] == [None, "7.5", "2.5"]


async def test_each_sees_the_targets_of_the_own_view(staffed: Company) -> None:
    await staffed.make_key("bob", "employee", "bob")
    await staffed.make_key("lead", "lead", "ann")
    for subject in ("employee:ann", "employee:bob", "employee:dan", "unit:east", "company"):
        await set_value(staffed, "1", subject=subject)

    async def seen(key: str, query: str = "") -> list[str]:
        answer = await staffed.get(f"/v1/targets{query}", key=key)
        assert answer.json()["total"] == len(answer.json()["items"])
        return [item["subject"] for item in answer.json()["items"]]

    assert await seen("bob") == ["employee:bob"]
    assert await seen("lead") == ["employee:ann", "employee:bob", "employee:dan", "unit:east"]
    assert await seen("bob", "?subject=employee:ann") == []
    assert await seen("bob", "?subject=employee:ghost") == []
    before = await staffed.digest()
    own = [{**SALES, "subject": "employee:bob", "value": "0"}]
    assert (await staffed.put("/v1/targets", own, key="bob")).status_code == 403
    assert await staffed.digest() == before
