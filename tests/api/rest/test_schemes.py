"""Schemes over REST: adopted, edited as drafts, published as versions that never change."""

from typing import Any

import pytest

from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.rest.scheme_documents import SchemeDocument
from services.api.templates import templates
from tests.api.appraisals import SCHEME, digest, found, publish_scheme, scheme
from tests.api.companies import Company, Json

HEAD = ("code", "version", "latest_version", "template", "changed_at")


def body_of(kept: Json) -> Json:
    """A scheme as it was put, without what is known of it besides."""
    return {name: value for name, value in kept.items() if name not in HEAD}


def canonical(document: Json) -> Json:
    """A scheme as it is kept: what it leaves out is null."""
    return scheme_to_wire(parse_scheme(document))


async def test_a_template_is_adopted_as_a_draft(company: Company) -> None:
    made = await company.post("/v1/schemes", {"code": "traffic", "template": "traffic_manager"})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/schemes/traffic")
    kept = made.json()
    assert {name: kept[name] for name in HEAD[:4]} == {
        "code": "traffic",
        "version": None,
        "latest_version": None,
        "template": "traffic_manager",
    }
    assert body_of(kept) == canonical(templates()["traffic_manager"]["scheme"])
    assert (await company.get("/v1/schemes/traffic")).content == made.content


async def test_a_taken_code_and_an_unknown_template_are_refused(company: Company) -> None:
    await company.post("/v1/schemes", {"code": "traffic", "template": "traffic_manager"})
    before = await digest(company)
    again = await company.post("/v1/schemes", {"code": "traffic", "template": "design_manager"})
    assert (again.status_code, again.json()["code"]) == (409, "scheme_exists")
    unknown = await company.post("/v1/schemes", {"code": "x", "template": "nobody"})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_template")
    assert unknown.json()["errors"][0]["pointer"] == "/template"
    assert await digest(company) == before


async def test_a_draft_is_put_read_replaced_and_left_alone(company: Company) -> None:
    made = await company.put("/v1/schemes/sales", SCHEME)
    assert made.status_code == 201
    assert body_of(made.json()) == canonical(SCHEME)
    SchemeDocument.model_validate(body_of(made.json()), strict=False)
    before = await digest(company)
    same = await company.put("/v1/schemes/sales", SCHEME)
    assert (same.status_code, same.content) == (200, made.content)
    assert await digest(company) == before
    other = await company.put("/v1/schemes/sales", scheme(note="new"))
    assert (other.status_code, other.json()["note"]) == (200, "new")


async def test_what_was_read_can_be_put_back(company: Company) -> None:
    kept = (await company.put("/v1/schemes/sales", SCHEME)).json()
    before = await digest(company)
    again = await company.put("/v1/schemes/sales", body_of(kept))
    assert (again.status_code, again.json()) == (200, kept)
    assert await digest(company) == before


async def test_a_writer_who_has_an_old_draft_is_refused(company: Company) -> None:
    tag = (await company.put("/v1/schemes/sales", SCHEME)).headers["etag"]
    fresh = await company.put("/v1/schemes/sales", scheme(note="new"), If_Match=tag)
    assert fresh.status_code == 200
    before = await digest(company)
    stale = await company.put("/v1/schemes/sales", SCHEME, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert await digest(company) == before


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"cycle": "fortnight"}, "/cycle"),
    ({"colour": "red"}, "/colour"),
    ({"full_mark": "1e9"}, "/full_mark"),
    ({"full_mark": True}, "/full_mark"),
    ({"full_mark": "100.00001"}, "/full_mark"),
    ({"name": None}, "/name"),
    ({"sections": "none"}, "/sections"),
    ({"grades": [{"grade": "A", "from": "９０", "coefficient": "1"}]}, "/grades/0/from"),
]
UNREADABLE = ((b"[]", 422), (b'{"full_mark": NaN}', 400), (b"{", 400), (b"", 422))


async def test_a_malformed_scheme_is_refused_with_its_place(company: Company) -> None:
    before = await digest(company)
    for changed, pointer in MALFORMED:
        refused = await company.put("/v1/schemes/sales", scheme(**changed))
        assert refused.status_code == 422, refused.text
        assert pointer in {fault["pointer"] for fault in refused.json()["errors"]}
    headers = {"Content-Type": "application/json"}
    for content, status in UNREADABLE:
        refused = await company.ask("PUT", "/v1/schemes/sales", content=content, headers=headers)
        assert refused.status_code == status, refused.text
    assert await digest(company) == before
    assert (await company.get("/v1/schemes/sales")).status_code == 404


async def test_publishing_makes_versions_that_stay(company: Company) -> None:
    assert await publish_scheme(company) == 1
    first = await company.get("/v1/schemes/sales?version=1")
    assert (first.json()["version"], first.json()["latest_version"]) == (1, 1)
    draft = (await company.get("/v1/schemes/sales")).json()
    assert (draft["version"], draft["latest_version"]) == (None, 1)
    assert body_of(draft) == body_of(first.json())
    before = await digest(company)
    again = await company.post("/v1/schemes/sales/publish", None)
    assert {name: again.json()[name] for name in HEAD[:2]} == {"code": "sales", "version": 1}
    assert await digest(company) == before
    assert await publish_scheme(company, document=scheme(note="new")) == 2
    assert (await company.get("/v1/schemes/sales?version=1")).content == first.content
    assert (await company.get("/v1/schemes/sales?version=2")).json()["note"] == "new"
    for absent in ("3", "2147483647"):
        assert (await company.get(f"/v1/schemes/sales?version={absent}")).status_code == 404
    assert (await company.get("/v1/schemes/sales?version=0")).status_code == 422


async def test_what_makes_a_scheme_lopsided_is_told_and_refuses_nothing(company: Company) -> None:
    warnings = [
        {"code": "item_above_half", "item": "sales", "family": None, "figure": "60"},
        {"code": "one_family", "item": None, "family": "sales", "figure": "2"},
        {"code": "no_leading_indicator", "item": None, "family": None, "figure": "0"},
    ]
    await company.put("/v1/schemes/sales", SCHEME)
    path = "/v1/schemes/sales/warnings"
    draft = (await company.get(path)).json()
    assert draft == {"code": "sales", "version": None, "warnings": warnings}
    published = await company.post("/v1/schemes/sales/publish", None)
    assert (published.status_code, published.json()) == (
        200, {"code": "sales", "version": 1, "warnings": warnings},
    )  # fmt: skip
    balanced = scheme()
    items = balanced["sections"][0]["items"]
    items[0]["weight"], items[1]["weight"], items[1]["indicator"] = "50", "50", "visitors"
    await company.put("/v1/schemes/sales", balanced)
    assert (await company.get(path)).json()["warnings"] == []
    assert (await company.get(f"{path}?version=1")).json() == published.json()
    # Who may not write schemes is told of the newest version.
    await company.make_key("viewer", "viewer")
    assert (await company.get(path, key="viewer")).json() == published.json()
    for missing in ("/v1/schemes/none/warnings", f"{path}?version=2"):
        assert (await company.get(missing)).status_code == 404


async def test_requirement_01_weights_of_99_9_are_refused_with_section_and_sum(
    company: Company,
) -> None:
    document = scheme()
    document["sections"][0]["items"][1]["weight"] = "39.9"
    await company.put("/v1/schemes/sales", document)
    before = await digest(company)
    refused = await company.post("/v1/schemes/sales/publish", None)
    assert (refused.status_code, refused.json()["code"]) == (409, "weights_not_100")
    (fault,) = refused.json()["errors"]
    assert fault["pointer"] == "/sections/0/items"
    assert "section sales" in fault["detail"]
    assert "99.9" in fault["detail"]
    assert await digest(company) == before


@pytest.mark.parametrize("weights", [("28.6", "35.7", "35.7"), ("0.75", "49.25", "50")])
async def test_requirement_01_weights_that_floats_would_refuse_pass(
    company: Company, weights: tuple[str, ...]
) -> None:
    document = scheme()
    item = document["sections"][0]["items"][1]
    document["sections"][0]["items"] = [
        {**item, "code": f"item-{number}", "weight": weight}
        for number, weight in enumerate(weights)
    ]
    assert await publish_scheme(company, document=document) == 1


async def test_an_unknown_indicator_is_refused_at_publishing(company: Company) -> None:
    document = scheme()
    document["sections"][0]["items"][1]["indicator"] = "nobody_knows"
    await company.put("/v1/schemes/sales", document)
    refused = await company.post("/v1/schemes/sales/publish", None)
    assert refused.status_code == 409
    pointers = {fault["pointer"] for fault in refused.json()["errors"]}
    assert pointers == {"/sections/0/items/1/indicator"}


async def test_an_indicator_of_the_tenants_own_can_be_scored(company: Company) -> None:
    own = {
        "name": {"zh": "单量", "en": "Twice the orders"},
        "formula": "paid_orders * 2",
        "unit": "count",
        "better": "higher",
    }
    assert (await company.put("/v1/indicators/twice_orders", own)).status_code < 300
    document = scheme()
    document["sections"][0]["items"][1]["indicator"] = "twice_orders"
    assert await publish_scheme(company, document=document) == 1


async def test_only_a_scheme_that_is_there_is_published(company: Company) -> None:
    assert (await company.post("/v1/schemes/sales/publish", None)).status_code == 404


async def test_others_read_what_is_published_alone(company: Company) -> None:
    await found(company)
    for name, role, employee in (
        ("viewer", "viewer", None),
        ("employee", "employee", "e-1"),
        ("lead", "lead", "e-boss"),
    ):
        await company.make_key(name, role, employee)
    await company.put("/v1/schemes/sales", SCHEME)
    for key in ("viewer", "employee", "lead"):
        assert (await company.get("/v1/schemes/sales", key=key)).status_code == 404
        assert (await company.get("/v1/schemes", key=key)).json()["items"] == []
        assert (await company.put("/v1/schemes/sales", SCHEME, key=key)).status_code == 403
    await publish_scheme(company)
    await company.put("/v1/schemes/sales", scheme(note="secret so far"))
    for key in ("viewer", "employee", "lead"):
        read = await company.get("/v1/schemes/sales", key=key)
        assert (read.json()["version"], read.json()["note"]) == (1, None)
        page = (await company.get("/v1/schemes", key=key)).json()
        assert (page["items"], page["total"]) == ([read.json()], 1)


async def test_the_list_holds_drafts_in_the_order_of_codes(company: Company) -> None:
    for code in ("c", "a", "b"):
        await company.put(f"/v1/schemes/{code}", SCHEME)
    first = (await company.get("/v1/schemes?limit=2")).json()
    assert [item["code"] for item in first["items"]] == ["a", "b"]
    assert first["total"] == 3
    rest = (await company.get(f"/v1/schemes?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["code"] for item in rest["items"]] == ["c"]
    assert rest["next_cursor"] is None
    assert first["items"][0] == (await company.get("/v1/schemes/a")).json()


async def test_another_companys_scheme_is_not_there(companies: list[Company]) -> None:
    one, other = companies
    await publish_scheme(one)
    assert (await other.get("/v1/schemes/sales")).status_code == 404
    assert (await other.get("/v1/schemes/sales?version=1")).status_code == 404
    assert (await other.get("/v1/schemes")).json()["total"] == 0
    assert await publish_scheme(other, document=scheme(note="other")) == 1
    assert (await one.get("/v1/schemes/sales")).json()["note"] is None


async def test_every_change_is_in_the_audit(company: Company) -> None:
    await company.put("/v1/schemes/sales", SCHEME)
    await company.put("/v1/schemes/sales", scheme(note="new"))
    await company.post("/v1/schemes/sales/publish", None)
    entries = (await company.get("/v1/audit?limit=500")).json()["items"]
    actions = [entry["action"] for entry in entries if entry["action"].startswith("scheme.")]
    assert actions == ["scheme.create", "scheme.update", "scheme.publish"]
