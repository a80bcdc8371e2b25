"""Employees over REST: exact documents, and each refusal with its place and nothing changed."""

import asyncio
import json

import pytest

from tests.api.companies import Company, Json

ANN: Json = {
    "name": "安",
    "manager": "boss",
    "joined_on": "2026-01-05",
    "left_on": None,
    "assignments": [
        {
            "position": "agent",
            "unit": "ops",
            "shops": [],
            "from": "2026-01-05",
            "to": "2026-03-16",
        },
        {
            "position": "traffic",
            "unit": "ops",
            "shops": [{"shop": "s1", "share": "33.3333"}, {"shop": "s2", "share": "100"}],
            "from": "2026-03-16",
            "to": None,
        },
    ],
}


@pytest.fixture
async def staffed(company: Company) -> Company:
    """A boss, a unit and two shops."""
    shop = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    await company.fill("shops", {"code": "s1", **shop}, {"code": "s2", **shop})
    await company.fill("units", {"code": "ops", "name": "ops"})
    await company.fill("employees", {"code": "boss", "name": "王"})
    return company


def with_assignment(**change: Json) -> Json:
    held: Json = {"position": "agent", "unit": "ops", "shops": [], "from": "2026-01-01", "to": None}
    return {"name": "安", "assignments": [{**held, **change}]}


def sharing(share: Json, *, shop: str = "s1", position: str = "agent", **days: Json) -> Json:
    return with_assignment(position=position, shops=[{"shop": shop, "share": share}], **days)


async def test_an_employee_is_put_and_read_back(staffed: Company) -> None:
    made = await staffed.put("/v1/employees/ann", ANN)
    assert made.status_code == 201
    assert made.json() == {"code": "ann", **ANN}
    read = await staffed.get("/v1/employees/ann")
    assert read.content == made.content
    assert read.headers["etag"] == made.headers["etag"]


async def test_the_least_is_a_name(staffed: Company) -> None:
    made = await staffed.put("/v1/employees/ann", {"name": "安"})
    assert made.json() == {
        "code": "ann",
        "name": "安",
        "manager": None,
        "joined_on": None,
        "left_on": None,
        "assignments": [],
    }


async def test_a_share_left_out_is_the_whole_shop(staffed: Company) -> None:
    made = await staffed.put("/v1/employees/ann", with_assignment(shops=[{"shop": "s1"}]))
    assert made.json()["assignments"][0]["shops"] == [{"shop": "s1", "share": "100"}]


async def test_the_order_given_does_not_matter(staffed: Company) -> None:
    await staffed.put("/v1/employees/ann", ANN)
    before = await staffed.digest()
    first, second = ANN["assignments"]
    turned = {**ANN, "assignments": [{**second, "shops": second["shops"][::-1]}, first]}
    answer = await staffed.put("/v1/employees/ann", turned)
    assert (answer.status_code, answer.json()) == (200, {"code": "ann", **ANN})
    assert await staffed.digest() == before


@pytest.mark.parametrize(
    ("stated", "status", "code", "pointer"),
    [
        ({"name": "a", "manager": "nobody"}, 409, "unknown_employee", "/manager"),
        ({"name": "a", "manager": "ann"}, 409, "manager_cycle", "/manager"),
        (with_assignment(unit="none"), 409, "unknown_unit", "/assignments/0/unit"),
        (sharing("1", shop="no"), 409, "unknown_shop", "/assignments/0/shops/0/shop"),
        (
            {"name": "a", "joined_on": "2026-02-02", "left_on": "2026-02-01"},
            422,
            "days_reversed",
            "/left_on",
        ),
        (with_assignment(to="2026-01-01"), 422, "days_reversed", "/assignments/0/to"),
        (
            with_assignment(shops=[{"shop": "s1", "share": "1"}, {"shop": "s1", "share": "1"}]),
            422,
            "shop_twice",
            "/assignments/0/shops/1/shop",
        ),
        (sharing("100.0001"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing("0"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing("-1"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing("33.33333"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing("１００"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing("1_0"), 422, "invalid", "/assignments/0/shops/0/share"),
        (sharing(json.loads("true")), 422, "invalid", "/assignments/0/shops/0/share"),
        (with_assignment(**{"from": "2026-1-1"}), 422, "invalid", "/assignments/0/from"),
        (with_assignment(role="x"), 422, "unknown_field", "/assignments/0/role"),
        ({"name": "a", "salary": 1}, 422, "unknown_field", "/salary"),
        ({"name": "a", "assignments": None}, 422, "invalid", "/assignments"),
    ],
)
async def test_a_refusal_names_the_field_and_changes_nothing(
    staffed: Company, stated: Json, status: int, code: str, pointer: str
) -> None:
    await staffed.put("/v1/employees/ann", ANN)
    before = await staffed.digest()
    answer = await staffed.put("/v1/employees/ann", stated)
    found = [(fault["code"], fault["pointer"]) for fault in answer.json()["errors"]]
    assert (answer.status_code, found) == (status, [(code, pointer)])
    assert await staffed.digest() == before


async def test_one_day_is_a_time_of_work_and_of_an_assignment(staffed: Company) -> None:
    stated = {
        **with_assignment(to="2026-01-02"),
        "joined_on": "2026-01-01",
        "left_on": "2026-01-01",
    }
    assert (await staffed.put("/v1/employees/ann", stated)).status_code == 201


async def test_all_that_is_wrong_is_named_at_once(staffed: Company) -> None:
    stated = {**with_assignment(unit="x", shops=[{"shop": "y"}]), "manager": "z"}
    answer = await staffed.put("/v1/employees/ann", stated)
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "/manager",
        "/assignments/0/unit",
        "/assignments/0/shops/0/shop",
    ]


async def test_managers_cannot_manage_each_other_round(staffed: Company) -> None:
    await staffed.put("/v1/employees/ann", {"name": "a", "manager": "boss"})
    await staffed.put("/v1/employees/bob", {"name": "b", "manager": "ann"})
    before = await staffed.digest()
    answer = await staffed.put("/v1/employees/boss", {"name": "王", "manager": "bob"})
    assert (answer.status_code, answer.json()["code"]) == (409, "manager_cycle")
    assert await staffed.digest() == before
    answers = await asyncio.gather(
        staffed.put("/v1/employees/x", {"name": "x"}),
        staffed.put("/v1/employees/y", {"name": "y"}),
    )
    assert [answer.status_code for answer in answers] == [201, 201]
    answers = await asyncio.gather(
        staffed.put("/v1/employees/x", {"name": "x", "manager": "y"}),
        staffed.put("/v1/employees/y", {"name": "y", "manager": "x"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_shares_of_a_shop_and_position_fill_it_and_no_more(staffed: Company) -> None:
    await staffed.put("/v1/employees/ann", sharing("60"))
    before = await staffed.digest()
    over = await staffed.put("/v1/employees/bob", sharing("40.0001"))
    assert (over.status_code, over.json()["code"]) == (409, "shares_overbooked")
    assert over.json()["errors"] == [
        {
            "pointer": "/assignments/0/shops/0/share",
            "code": "shares_overbooked",
            "detail": "From 2026-01-01 on, 100.0001 % of s1 would be answered for "
            "in the position agent.",
        }
    ]
    assert await staffed.digest() == before
    assert (await staffed.put("/v1/employees/bob", sharing("40"))).status_code == 201
    other = [sharing("100", shop="s2"), sharing("100", position="traffic")]
    for code, stated in zip("xy", other, strict=True):
        assert (await staffed.put(f"/v1/employees/{code}", stated)).status_code == 201


async def test_shares_meet_on_days_alone(staffed: Company) -> None:
    await staffed.put("/v1/employees/ann", sharing("100", to="2026-03-16"))
    one_day = sharing("1", **{"from": "2026-03-15", "to": "2026-03-20"})
    refused = await staffed.put("/v1/employees/bob", one_day)
    assert refused.json()["code"] == "shares_overbooked"
    after = sharing("100", **{"from": "2026-03-16"})
    assert (await staffed.put("/v1/employees/bob", after)).status_code == 201


async def test_who_has_left_shares_no_longer(staffed: Company) -> None:
    await staffed.put("/v1/employees/ann", {**sharing("100"), "left_on": "2026-03-15"})
    early = sharing("1", **{"from": "2026-03-15"})
    assert (await staffed.put("/v1/employees/bob", early)).status_code == 409
    after = sharing("100", **{"from": "2026-03-16"})
    assert (await staffed.put("/v1/employees/bob", after)).status_code == 201


async def test_a_batch_is_judged_row_by_row(staffed: Company) -> None:
    rows = [
        {"code": "early", "name": "e", "manager": "late"},
        {"code": "late", "name": "l"},
        {"code": "a", **sharing("70")},
        {"code": "b", **sharing("70")},
        {"code": "a", **sharing("30")},
        {"code": "c", **sharing("70")},
        {"code": "boss", "name": "王"},
    ]
    answer = (await staffed.post("/v1/employees/batch", rows)).json()
    assert [(row["row"], row["code"], row["pointer"]) for row in answer["rows"]] == [
        (1, "unknown_employee", "/manager"),
        (4, "shares_overbooked", "/assignments/0/shops/0/share"),
    ]
    counted = {name: answer[name] for name in ("created", "updated", "duplicate", "invalid")}
    assert counted == {"created": 3, "updated": 1, "duplicate": 1, "invalid": 2}
    a = (await staffed.get("/v1/employees/a")).json()
    assert a["assignments"][0]["shops"] == [{"shop": "s1", "share": "30"}]


async def test_a_batch_has_one_effect_under_its_key(staffed: Company) -> None:
    rows = [{"code": "a", "name": "a"}]
    first = await staffed.post("/v1/employees/batch", rows, Idempotency_Key="k-1")
    before = await staffed.digest()
    again = await staffed.post("/v1/employees/batch", rows, Idempotency_Key="k-1")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    other = await staffed.post("/v1/employees/batch", [], Idempotency_Key="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await staffed.digest() == before
