"""Shops over REST: exact documents, tags, batches, and what facts hold fixed."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.api.companies import Company, Json

STATED = {
    "name": "天猫旗舰店",
    "marketplace": "tmall",
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "kind": "online",
    "opened_on": "2020-02-29",
}
LEAST = {"name": "街", "timezone": "Europe/Paris", "currency": "EUR", "kind": "offline"}


async def test_a_shop_is_put_and_read_back(company: Company) -> None:
    made = await company.put("/v1/shops/tm-1", STATED)
    assert made.status_code == 201
    assert made.json() == {"code": "tm-1", **STATED}
    read = await company.get("/v1/shops/tm-1")
    assert (read.status_code, read.content) == (200, made.content)
    assert read.headers["etag"] == made.headers["etag"]
    assert read.headers["cache-control"] == "private, no-cache"


async def test_what_may_be_null_may_be_left_out(company: Company) -> None:
    made = await company.put("/v1/shops/st.1_A-b", LEAST)
    assert made.json() == {"code": "st.1_A-b", **LEAST, "marketplace": None, "opened_on": None}


async def test_put_again_the_same_changes_nothing_and_otherwise_replaces(company: Company) -> None:
    await company.put("/v1/shops/a", STATED)
    before = await company.digest()
    same = await company.put("/v1/shops/a", STATED)
    assert same.status_code == 200
    assert await company.digest() == before
    other = await company.put("/v1/shops/a", LEAST)
    assert other.status_code == 200
    assert other.json()["opened_on"] is None
    assert (await company.get("/v1/shops/a")).json() == other.json()


async def test_a_reader_who_has_it_is_spared_it(company: Company) -> None:
    tag = (await company.put("/v1/shops/a", STATED)).headers["etag"]
    spared = await company.get("/v1/shops/a", If_None_Match=tag)
    assert (spared.status_code, spared.content) == (304, b"")
    await company.put("/v1/shops/a", LEAST)
    assert (await company.get("/v1/shops/a", If_None_Match=tag)).status_code == 200


async def test_a_writer_who_has_an_old_one_is_refused(company: Company) -> None:
    tag = (await company.put("/v1/shops/a", STATED)).headers["etag"]
    fresh = (await company.put("/v1/shops/a", LEAST, If_Match=tag)).headers["etag"]
    before = await company.digest()
    stale = await company.put("/v1/shops/a", STATED, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    absent = await company.put("/v1/shops/b", STATED, If_Match="*")
    assert absent.status_code == 412
    assert await company.digest() == before
    assert (await company.put("/v1/shops/a", STATED, If_Match=fresh)).status_code == 200


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": ""}, "/name", "invalid"),
        ({"name": "x" * 201}, "/name", "invalid"),
        ({"name": "a\u0007b"}, "/name", "invalid"),
        ({"name": None}, "/name", "invalid"),
        ({"marketplace": "ebay"}, "/marketplace", "invalid"),
        ({"timezone": "Asia/Nowhere"}, "/timezone", "invalid"),
        ({"timezone": "../../etc/passwd"}, "/timezone", "invalid"),
        ({"currency": "cny"}, "/currency", "invalid"),
        ({"currency": "ＣＮＹ"}, "/currency", "invalid"),
        ({"kind": "virtual"}, "/kind", "invalid"),
        ({"opened_on": "2021-02-29"}, "/opened_on", "invalid"),
        ({"opened_on": "2020-02-29T00:00:00Z"}, "/opened_on", "invalid"),
        ({"opened_on": "1899-12-31"}, "/opened_on", "invalid"),
        ({"opened_on": "2200-01-01"}, "/opened_on", "invalid"),
        ({"opened_on": 18000}, "/opened_on", "invalid"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        ({"code": "a"}, "/code", "unknown_field"),
    ],
)
async def test_a_malformed_field_is_named(
    company: Company, change: Json, pointer: str, code: str
) -> None:
    before = await company.digest()
    answer = await company.put("/v1/shops/a", {**STATED, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]] == [
        (pointer, code)
    ]
    assert await company.digest() == before


async def test_every_missing_field_is_named(company: Company) -> None:
    answer = await company.put("/v1/shops/a", {})
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "/name",
        "/timezone",
        "/currency",
        "/kind",
    ]


@pytest.mark.parametrize("code", ["x" * 65, "a b", "店", "a%2Fb"])
async def test_a_code_has_its_alphabet(company: Company, code: str) -> None:
    assert (await company.put(f"/v1/shops/{code}", STATED)).status_code in {404, 422}
    assert (await company.get("/v1/shops")).json()["total"] == 0


async def test_the_longest_code_is_taken(company: Company) -> None:
    assert (await company.put(f"/v1/shops/{'x' * 64}", STATED)).status_code == 201


_FACTS = {
    "shop_sources": "INSERT INTO shop_sources VALUES (:tenant, 'a', 'erp')",
    "stock_facts": (
        "INSERT INTO stock_facts (tenant_id, source, shop, day, modified_at, content, currency) "
        "VALUES (:tenant, 'erp', 'a', '2026-10-01', now(), '', 'CNY')"
    ),
    "campaign_facts": (
        "INSERT INTO campaign_facts (tenant_id, source, id, modified_at, content, shop, name, "
        "starts_on, ends_on, currency) "
        "VALUES (:tenant, 'erp', '1', now(), '', 'a', 'x', '2026-10-01', '2026-10-02', 'CNY')"
    ),
}


@pytest.mark.parametrize("table", _FACTS)
async def test_facts_fix_time_zone_and_currency(company: Company, table: str) -> None:
    await company.put("/v1/shops/a", STATED)
    async with company.owner.write(company.number) as session:
        await session.execute(text(_FACTS[table]), {"tenant": company.number})
    before = await company.digest()
    moved = {**STATED, "timezone": "Asia/Tokyo", "currency": "JPY"}
    refused = await company.put("/v1/shops/a", moved)
    assert (refused.status_code, refused.json()["code"]) == (409, "shop_in_use")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/timezone", "/currency"]
    assert await company.digest() == before
    renamed = {**STATED, "name": "新", "kind": "offline", "opened_on": None}
    assert (await company.put("/v1/shops/a", renamed)).status_code == 200


async def test_without_facts_a_shop_may_move(company: Company) -> None:
    await company.put("/v1/shops/a", STATED)
    assert (await company.put("/v1/shops/a", {**STATED, "timezone": "UTC"})).status_code == 200


async def test_a_batch_answers_for_each_row(company: Company) -> None:
    await company.put("/v1/shops/old", STATED)
    await company.put("/v1/shops/kept", LEAST)
    rows = [
        {"code": "new", **STATED},
        {"code": "old", **LEAST},
        {"code": "kept", **LEAST},
        {"code": "bad", **STATED, "kind": "virtual", "more": 1},
        {"code": "new", **LEAST},
        {**STATED},
        7,
    ]
    answer = await company.post("/v1/shops/batch", rows)
    assert answer.status_code == 200
    document = answer.json()
    assert document.pop("batch").startswith("bat_")
    found = [(row["row"], row["outcome"], row["code"], row["pointer"]) for row in document["rows"]]
    assert found == [
        (4, "invalid", "invalid", "/kind"),
        (6, "invalid", "missing", "/code"),
        (7, "invalid", "invalid", ""),
    ]
    del document["rows"]
    assert document == {
        "received": 7,
        "created": 1,
        "updated": 2,
        "duplicate": 1,
        "stale": 0,
        "invalid": 3,
        "conflict": 0,
    }
    codes = [shop["code"] for shop in (await company.get("/v1/shops")).json()["items"]]
    assert codes == ["kept", "new", "old"]
    assert (await company.get("/v1/shops/new")).json()["name"] == "街"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"code": "a"}', 422),
        (b"[", 400),
        (b"", 422),
        (b'[{"code": "a", "code": "b"}]', 400),
        (b'[{"opened_on": NaN}]', 400),
        (b'[{"name": "\\u0000"}]', 422),
        (b"[" + b"[" * 40 + b"]" * 41, 400),
        (b'[{"name": "\xff"}]', 400),
        (b"[" + b'"' + b"x" * (1 << 20) + b'"]', 413),
    ],
)
async def test_a_body_that_is_no_list_of_rows_is_refused_whole(
    company: Company, body: bytes, status: int
) -> None:
    before = await company.digest()
    answer = await company.ask(
        "POST", "/v1/shops/batch", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert await company.digest() == before


async def test_every_write_is_in_the_audit(company: Company) -> None:
    start = datetime.now(UTC)
    await company.put("/v1/shops/a", LEAST)
    await company.put("/v1/shops/a", {**LEAST, "name": "路"})
    entries = (await company.get("/v1/audit?limit=500")).json()["items"][-2:]
    assert [(entry["action"], entry["object"]) for entry in entries] == [
        ("shop.create", "shop:a"),
        ("shop.update", "shop:a"),
    ]
    assert entries[0]["detail"]["before"] is None
    assert entries[0]["detail"]["after"]["timezone"] == "Europe/Paris"
    assert entries[1]["detail"] == {"before": {"name": "街"}, "after": {"name": "路"}}
    assert entries[1]["actor"].startswith("key:key_")
    assert datetime.fromisoformat(entries[1]["at"]) >= start
