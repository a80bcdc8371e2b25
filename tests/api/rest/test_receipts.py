"""Receipts over REST: good ones for who sees the card, from frozen bytes once it is published."""

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from services.api.rest.receipts import ReceiptDocument
from services.door.signing_keys import signing_keys_of
from services.verify.programs import AGREES, DIFFERS, verify
from tests.api.appraisals import (
    cards,
    found,
    move,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale


@pytest.fixture
async def ready(company: Company) -> Company:
    """Two agents with targets and sales, in an open cycle."""
    await found(company, ("e-1", "e-2"))
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"))
    await open_cycle(company)
    return company


def checked(folder: Path, receipt: bytes, keys: bytes) -> int:
    """What `kaohe verify` says of two answers as they came."""
    (folder / "receipt.json").write_bytes(receipt)
    (folder / "keys.json").write_bytes(keys)
    return verify(folder / "receipt.json", folder / "keys.json")


async def receipt_of(company: Company, card: str, *, key: str = "admin") -> bytes:
    answer = await company.get(f"/v1/scorecards/{card}/receipt", key=key)
    assert answer.status_code == 200, answer.text
    ReceiptDocument.model_validate(answer.json(), strict=False)
    return answer.content


async def test_requirement_28_a_receipt_is_recomputed_offline(
    ready: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A live card, an incomplete one, and both of them once they are published."""
    keys = (await ready.client.get("/v1/receipt-keys")).content
    for subject, total in (("employee:e-1", "82.00"), ("employee:e-2", "-")):
        card = (await cards(ready))[subject]["id"]
        assert checked(tmp_path, await receipt_of(ready, card), keys) == AGREES
        assert f"total {total} recomputed" in capsys.readouterr().out
    await set_targets(ready, {"e-2": "1"})
    await move(ready, "jan", "closed", "review", "approved", "published")
    published = (await cards(ready))["employee:e-1"]["id"]
    made = await receipt_of(ready, published)
    assert checked(tmp_path, made, keys) == AGREES
    told = json.loads(made)["receipt"]
    assert (told["result"][:4], told["card"]["status"]) == ("res_", "published")


async def test_a_receipt_tells_records_scheme_rounding_and_fingerprint(ready: Company) -> None:
    card = (await cards(ready))["employee:e-1"]
    told = json.loads(await receipt_of(ready, card["id"]))["receipt"]
    assert (told["format"], told["result"]) == ("kaohe-receipt/1", None)
    assert told["card"] == card
    assert told["explanation"]["fingerprint"] == card["fingerprint"]
    assert told["explanation"]["rounding"]["totals"] == 2
    measures = told["explanation"]["segments"][0]["lines"][0]["source"]["measures"]
    assert {each["measure"]: each["records"] for each in measures}["paid_amount"] == 1


async def test_the_same_card_gives_the_same_receipt_and_its_tag_spares_it(ready: Company) -> None:
    card = (await cards(ready))["employee:e-1"]["id"]
    first = await ready.get(f"/v1/scorecards/{card}/receipt")
    tag = first.headers["etag"]
    assert await receipt_of(ready, card) == first.content
    spared = await ready.get(f"/v1/scorecards/{card}/receipt", If_None_Match=tag)
    assert (spared.status_code, spared.content) == (304, b"")


async def test_a_published_receipt_is_of_the_frozen_bytes(ready: Company) -> None:
    """Whatever becomes of the live tables, it says what was published."""
    await set_targets(ready, {"e-2": "1"})
    await move(ready, "jan", "closed", "review", "approved", "published")
    card = (await cards(ready))["employee:e-1"]["id"]
    before = await receipt_of(ready, card)
    await sell(ready, Sale(paid_on=date(2026, 1, 9), salesperson="e-1", amount="9"))
    async with ready.owner.write(ready.number) as session:
        spoilt = "UPDATE scorecards SET explanation = '{}' WHERE id = :id"
        await session.execute(text(spoilt), {"id": card})
    assert await receipt_of(ready, card) == before


async def test_old_receipts_hold_after_a_rotation(
    ready: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = (await cards(ready))["employee:e-1"]["id"]
    old = await receipt_of(ready, card)
    before = ready.app.state.receipt_keys
    fresh = signing_keys_of(b"the next secret, of thirty-two bytes and more")
    ready.app.state.receipt_keys = fresh.also_known(
        [key["public_key"] for key in await listed_keys(ready)]
    )
    kept = await listed_keys(ready)
    assert [key["current"] for key in kept] == [True, False]
    keys = (await ready.client.get("/v1/receipt-keys")).content
    assert checked(tmp_path, old, keys) == AGREES
    assert checked(tmp_path, await receipt_of(ready, card), keys) == AGREES
    ready.app.state.receipt_keys = fresh
    keys = (await ready.client.get("/v1/receipt-keys")).content
    assert checked(tmp_path, old, keys) == DIFFERS
    ready.app.state.receipt_keys = before
    capsys.readouterr()


async def listed_keys(company: Company) -> list[Json]:
    """As anybody reads them: without a key of ours."""
    answer = await company.client.get("/v1/receipt-keys")
    items: list[Json] = answer.json()["items"]
    assert (answer.status_code, answer.json()["total"]) == (200, len(items))
    return items


async def test_who_sees_no_card_gets_no_receipt(companies: list[Company]) -> None:
    one, other = companies
    await found(one)
    await publish_scheme(one)
    await open_cycle(one)
    for name, role, employee in (
        ("own", "employee", "e-1"), ("lead", "lead", "e-boss"), ("erp", "erp", None),
        ("payroll", "payroll", None),
    ):  # fmt: skip
        await one.make_key(name, role, employee)
    listed = await cards(one)
    own, another = (
        f"/v1/scorecards/{listed[f'employee:{e}']['id']}/receipt" for e in ("e-1", "e-2")
    )
    assert (await one.get(own, key="own")).status_code == 200
    assert (await one.get(another, key="own")).status_code == 404
    assert (await one.get(another, key="lead")).status_code == 200
    assert (await one.get(own, key="erp")).status_code == 403
    assert (await one.get(own, key="payroll")).status_code == 403
    assert (await other.get(own)).status_code == 404
    assert (await one.client.get(own)).status_code == 401
