"""Mappings over REST: the built-in ones, and a tenant's own with its audit and its tags."""

import json
from typing import Any

import httpx
import pytest

from services.ingest.core.mapping_checks import check_mapping
from services.ingest.rest.mapping_documents import built_in_mappings
from services.schema.catalogue import posted_measures
from services.schema.words import Role
from tests.ingest.doors import Door

OWN = {
    "name": {"zh": "表", "en": "table"},
    "kind": "traffic",
    "fields": {"day": {"column": "day"}, "visitors": {"column": ["uv", "visitors"]}},
}


async def put(door: Door, code: str, body: Any, **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": "application/json"}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/v1/mappings/{code}"
    return await door.client.put(path, content=json.dumps(body).encode(), headers=sent | names)


@pytest.mark.parametrize("code", built_in_mappings())
def test_each_built_in_mapping_is_one_and_says_what_it_leaves_out(code: str) -> None:
    stated = built_in_mappings()[code]
    made = stated.to_shape(code, built_in=True)
    check_mapping(made)
    assert made.measures.keys() <= posted_measures()
    assert stated.name.zh != stated.name.en
    assert stated.note is not None
    assert stated.notes


async def test_a_mapping_is_put_read_and_listed(door: Door) -> None:
    made = await put(door, "mine", OWN)
    assert made.status_code == 201, made.text
    document = made.json()
    assert (document["code"], document["built_in"]) == ("mine", False)
    assert document["fields"]["visitors"]["column"] == ["uv", "visitors"]
    read = await door.get("/v1/mappings/mine")
    assert (read.status_code, read.content) == (200, made.content)
    assert read.headers["etag"] == made.headers["etag"]
    assert (await put(door, "mine", OWN)).status_code == 200
    changed = {**OWN, "note": "?"}
    assert (await put(door, "mine", changed, If_Match='"old"')).status_code == 412
    assert (await put(door, "mine", changed, If_Match=made.headers["etag"])).status_code == 200
    listed = (await door.get("/v1/mappings", limit=500)).json()
    codes = [item["code"] for item in listed["items"]]
    assert codes == sorted([*built_in_mappings(), "mine"])
    assert listed["total"] == len(codes)
    first = (await door.get("/v1/mappings", limit=1)).json()
    rest = (await door.get("/v1/mappings", limit=500, cursor=first["next_cursor"])).json()
    assert [*first["items"], *rest["items"]] == listed["items"]
    entries = await door.owner.fetch(
        "SELECT action, object FROM audit WHERE tenant_id = $1 ORDER BY number", door.tenant
    )
    assert [tuple(entry) for entry in entries] == [("mapping.define", "mapping:mine")] * 2


async def test_what_is_no_mapping_is_refused_and_nothing_kept(door: Door) -> None:
    for code, body, status, fault in (
        ("sycm_shop", OWN, 409, "built_in"),
        ("mine", {**OWN, "kind": "nothing"}, 422, None),
        ("mine", {**OWN, "unknown": 1}, 422, None),
        ("mine", {**OWN, "timezone": "Moon/Sea"}, 422, None),
        ("mine", {**OWN, "encoding": "utf-16"}, 422, None),
        ("mine", {**OWN, "delimiter": "x"}, 422, None),
        ("mine", {**OWN, "fields": {"day": {"column": "a", "constant": 1}}}, 422, None),
        ("mine", {**OWN, "fields": {"visitors": {"column": "a"}}}, 422, "mapping_invalid"),
    ):
        answer = await put(door, code, body)
        assert answer.status_code == status, answer.text
        assert fault is None or answer.json()["code"] == fault
    assert await door.count("file_mappings") == 0
    assert await door.count("audit") == 0
    assert (await door.get("/v1/mappings/nothing")).status_code == 404


async def test_who_may_put_and_read(door: Door) -> None:
    for role in Role:
        await door.add_key(role, role, "e-1")
    for role in Role:
        sent = {"Authorization": f"Bearer {door.keys[role]}"}
        put_ = await door.client.put("/v1/mappings/mine", json=OWN, headers=sent)
        assert (put_.status_code < 300) is (role in {Role.ADMIN, Role.ERP}), role
        read = await door.get("/v1/mappings/sycm_shop", key=role)
        assert (read.status_code == 200) is (role in {Role.ADMIN, Role.ERP, Role.HR}), role
