"""Batches through the door: every form, every outcome, every bad byte, and never a 500."""

import asyncio
import csv
import gzip
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest

from services.door import problems, routes
from services.ingest.rest import facts
from services.ingest.rest.spool import BODY_LIMIT
from services.schema.words import FactKind, Role
from tests.figures import Figures, Wrong
from tests.ingest import rows
from tests.ingest.doors import NDJSON, Door, lines

ORDERS = FactKind.ORDERS
NUMBERS, TEXTS = "numbers of rows in two forms", "texts of rows"
NOTHING_COUNTED = {
    "received": 0, "created": 0, "updated": 0, "duplicate": 0, "stale": 0, "invalid": 0,
    "conflict": 0, "rows": [],
}  # fmt: skip


def table(*posted: rows.Row) -> bytes:
    """Rows as CSV; lists as JSON in their cell, null as an empty one."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(posted[0])
    for row in posted:
        writer.writerow(
            json.dumps(value) if isinstance(value, list | bool) else value for value in row.values()
        )
    return text.getvalue().encode()


def answer(**counted: Any) -> dict[str, Any]:
    return NOTHING_COUNTED | counted


async def read(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    assert document.pop("batch").startswith("bat_")
    return document


@pytest.mark.parametrize("kind", FactKind)
async def test_an_array_lines_and_a_table_are_the_same_rows(door: Door, kind: FactKind) -> None:
    posted = [rows.full(kind), rows.full(kind, modified_at="2027-01-01T00:00:00Z")]
    first = await read(
        await door.post(kind, json.dumps(posted, indent=1).encode(), form="application/json")
    )
    assert first == answer(received=2, created=1, updated=1)
    books = await door.books()
    for body, form in (
        (lines(*posted), NDJSON),
        (table(*posted), "text/csv; charset=utf-8"),
        (json.dumps(posted).encode(), "application/json"),
    ):
        for pack in (False, True):
            again = await read(await door.post(kind, body, form=form, pack=pack))
            stale = {
                "row": 1, "outcome": "stale", "code": "stale", "pointer": "/modified_at",
                "detail": "A newer statement of this is stored already.",
            }  # fmt: skip
            assert again == answer(received=2, duplicate=1, stale=1, rows=[stale])
    after = await door.books()
    assert {name for name in books if books[name] != after[name]} == {"feeds"}


@pytest.mark.parametrize("form", ["application/json", NDJSON, "text/csv"])
async def test_an_empty_batch(door: Door, form: str) -> None:
    body = {"application/json": b"[]", NDJSON: b"", "text/csv": b"source\n"}[form]
    assert await read(await door.post(ORDERS, body, form=form)) == answer()


async def test_only_an_erp_and_an_admin_may_post(door: Door) -> None:
    body = lines(rows.full(ORDERS))
    for role in Role:
        await door.add_key(role, role, "e-1")
        status = (await door.post(ORDERS, body, key=role)).status_code
        assert status == (200 if role in {Role.ADMIN, Role.ERP} else 403)
    whole, last = door.keys["erp"][:-1], door.keys["erp"][-1]
    door.keys["wrong"] = whole + ("1" if last == "0" else "0")
    assert (await door.post(ORDERS, body, key="wrong")).status_code == 401


# Each number is stored exactly or refused by name.
@pytest.mark.parametrize(
    ("number", "stored"),
    [
        ('"128.5"', "128.5000"), ("128.5", "128.5000"), ("-0", "0.0000"), ('"-0.00"', "0.0000"),
        ("99999999999999.9999", "99999999999999.9999"), ("1E2", "100.0000"),
        ("NaN", None), ("Infinity", None), ("-Infinity", None), ("1e999", None),
        ("9223372036854775808", None), ("9" * 4301, None), ("12345678901234567", None),
        ('"12345678901234567"', None), ("1.00001", None), ('"1.00001"', None), ("true", None),
        ('"1_000"', None), ('"１２８"', None), ('"NaN"', None), ('" 1"', None), ("[]", None),
        ('"1e2"', None), ("-1", None), ("1e-7", None), ("1e99999999999999999999", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["application/json", NDJSON])
async def test_scenario_e06_numbers_are_exact_or_refused_by_row_and_field(
    door: Door, number: str, stored: str | None, form: str, figure: Figures
) -> None:
    row = json.dumps(rows.full(ORDERS, paid_amount="?")).replace('"?"', number)
    body = f"[{row}]" if form == "application/json" else row
    response = await door.post(ORDERS, body.encode(), form=form)
    figure("E06", Wrong.FAILED, int(response.status_code >= 500), tried=1, of=NUMBERS)
    document = await read(response)
    found = await door.owner.fetch(
        "SELECT paid_amount::text AS amount FROM order_facts WHERE tenant_id = $1", door.tenant
    )
    changed = [row["amount"] for row in found if row["amount"] != stored]
    figure("E06", Wrong.CHANGES, changed, tried=1, of=NUMBERS)
    if stored is not None:
        assert document == answer(received=1, created=1)
        assert len(found) == 1
        return
    (fault,) = document["rows"]
    assert document == answer(received=1, invalid=1, rows=[fault])
    assert (fault["row"], fault["outcome"], fault["pointer"]) == (1, "invalid", "/paid_amount")
    assert found == []


# Each text is stored as it is or refused by name.
@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("梅花 🌸", True), ("a\u3000b", True), ("a\0b", False), ("a\x1b[31m", False),
        ("\ud800", False), ("\u202etxt", False), ("a\nb", False), ("x" * 128, True),
        ("x" * 129, False), ("x" * 1_000_000, False), ("", False),
    ],
)  # fmt: skip
async def test_scenario_e07_texts_are_stored_or_refused_by_row_and_field(
    door: Door, text: str, figure: Figures, *, taken: bool
) -> None:
    body = json.dumps([rows.full(ORDERS, channel=text)]).encode()
    response = await door.post(ORDERS, body, form="application/json")
    figure("E07", Wrong.FAILED, int(response.status_code >= 500), tried=1, of=TEXTS)
    document = await read(response)
    channels = await door.owner.fetch(
        "SELECT channel FROM order_facts WHERE tenant_id = $1", door.tenant
    )
    changed = [row["channel"] for row in channels if row["channel"] != text]
    figure("E07", Wrong.CHANGES, changed, tried=1, of=TEXTS)
    assert len(channels) == taken
    if not taken:
        assert [row["pointer"] for row in document["rows"]] == ["/channel"]


async def test_scenario_e07_bytes_that_are_no_text_are_the_fault_of_their_row(
    door: Door, figure: Figures
) -> None:
    good, bad = lines(rows.full(ORDERS)), lines(rows.full(ORDERS, id="梅"))
    body = bad.replace("梅".encode(), b"\xff\xfe") + good
    document = await read(await door.post(ORDERS, body))
    assert (document["created"], document["invalid"]) == (1, 1)
    assert [(row["row"], row["pointer"]) for row in document["rows"]] == [(1, "/id")]
    (kept,) = await door.owner.fetch(
        "SELECT body FROM rejected_rows WHERE tenant_id = $1", door.tenant
    )
    assert "\\udcff\\udcfe" in kept["body"]
    figure("E07", Wrong.FAILED, 0, tried=1, of=TEXTS)


async def test_doubled_and_unknown_fields_and_broken_lines_are_the_fault_of_their_row(
    door: Door,
) -> None:
    doubled = json.dumps(rows.full(ORDERS))[:-1] + ', "id": "SO-2"}'
    unknown = json.dumps(rows.full(ORDERS, phone="138"))
    body = "\n".join([doubled, unknown, '{"id"', json.dumps(rows.full(ORDERS))]).encode()
    document = await read(await door.post(ORDERS, body))
    assert [(row["row"], row["code"], row["pointer"]) for row in document["rows"]] == [
        (1, "name_doubled", ""),
        (2, "unknown_field", "/phone"),
        (3, "unreadable", ""),
    ]
    assert document["created"] == 1


@pytest.mark.parametrize(
    ("body", "form", "status", "code"),
    [
        (b"", "application/json", 400, "unreadable"),
        (b"{}", "application/json", 400, "unreadable"),
        (b"[1, 2", "application/json", 400, "unreadable"),
        (b"[" * 100_000, "application/json", 400, "unreadable"),
        (b'{"a":' * 100_000, NDJSON, 200, None),
        ("[]".encode("utf-16"), "application/json", 400, "unreadable"),
        (b"\xef\xbb\xbf[]", "application/json", 200, None),
        (b"source,nothing\n", "text/csv", 400, "unreadable"),
        (b"[]", "text/plain", 400, "unreadable"),
        (b"[]", "", 400, "unreadable"),
        (b"[]", "application/json; charset=utf-16", 400, "unreadable"),
        (b'["' + b"x" * (2 << 20) + b'"]', "application/json", 413, "row_too_large"),
        (b"x" * (2 << 20), NDJSON, 413, "row_too_large"),
        (b'source\n"' + b"x" * (2 << 20), "text/csv", 413, "row_too_large"),
    ],
)
async def test_scenario_e07_a_body_that_cannot_be_read_is_refused_whole(
    door: Door, body: bytes, form: str, status: int, code: str | None, figure: Figures
) -> None:
    good = json.dumps(rows.full(ORDERS)).encode()
    if body.startswith(b"[1"):
        body = b"[" + good + b"," + body[1:]
    before = await door.books()
    response = await door.post(ORDERS, body, form=form)
    figure("E07", Wrong.FAILED, int(response.status_code >= 500), tried=1, of="whole bodies")
    assert response.status_code == status, response.text
    if code is not None:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == code
        assert await door.books() == before
        assert await door.count("batches") == 0


async def test_good_rows_before_a_break_do_not_land(door: Door) -> None:
    good = json.dumps(rows.full(ORDERS))
    with patch.object(facts, "ROW_COUNT_LIMIT", 2):
        response = await door.post(
            ORDERS, f"[{good}, {good}, {good}]".encode(), form="application/json"
        )
    assert (response.status_code, response.json()["code"]) == (413, "too_many_rows")
    response = await door.post(ORDERS, f"[{good}, {good}".encode(), form="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "unreadable")
    assert await door.count("order_facts") == 0
    assert await door.count("feeds") == 0
    with patch.object(facts, "ROW_COUNT_LIMIT", 2):
        document = await read(
            await door.post(ORDERS, f"[{good}, {good}]".encode(), form="application/json")
        )
    assert document == answer(received=2, created=1, duplicate=1)


async def test_a_gzip_bomb_is_refused_before_it_is_large(door: Door) -> None:
    """Refused by its ratio, and by its size however it is packed."""
    for body in (b" " * (300 << 20), b"\n" * (2 << 20)):
        bomb = gzip.compress(body, 1)
        began = time.perf_counter()
        response = await door.post(ORDERS, bomb, headers={"Content-Encoding": "gzip"})
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert time.perf_counter() - began < 3
    cut = gzip.compress(lines(rows.full(ORDERS)))[:-9]
    response = await door.post(ORDERS, cut, headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.json()["code"]) == (400, "unreadable")
    response = await door.post(ORDERS, b"{}", headers={"Content-Encoding": "br"})
    assert response.status_code == 400
    assert await door.count("order_facts") == 0


async def test_a_body_one_byte_too_long_is_refused_and_the_longest_taken(door: Door) -> None:
    good = lines(rows.full(ORDERS))
    padding = b" " * 1023 + b"\n"
    body = good + padding * ((BODY_LIMIT - len(good)) // 1024)
    body += b" " * (BODY_LIMIT - len(body))
    assert len(body) == BODY_LIMIT
    assert await read(await door.post(ORDERS, body)) == answer(received=1, created=1)

    async def streamed() -> AsyncIterator[bytes]:
        yield body
        yield b" "

    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": NDJSON}
    path = "/v1/facts/orders"
    response = await door.client.post(path, content=streamed(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


async def test_scenario_e01_the_same_key_is_one_effect_and_one_answer(
    door: Door, figure: Figures
) -> None:
    headers = {"Idempotency-Key": "once"}
    body = lines(rows.full(ORDERS), rows.full(ORDERS, status="?"))
    first, *others = await asyncio.gather(
        *(door.post(ORDERS, body, headers=headers, pack=number % 2 == 1) for number in range(50))
    )
    assert {response.status_code for response in (first, *others)} == {200}
    answers = {response.content for response in (first, *others)}
    figure("E01", Wrong.EFFECTS, len(answers) - 1, tried=50, of="posts of one batch, by answers")
    batches = await door.count("batches")
    figure("E01", Wrong.EFFECTS, batches - 1, tried=50, of="posts of one batch, by effects")
    assert await door.count("rejected_rows") == 1
    (feed,) = await door.owner.fetch(
        "SELECT accepted, rejected FROM feeds WHERE tenant_id = $1", door.tenant
    )
    assert (feed["accepted"], feed["rejected"]) == (2, 1)


async def test_scenario_e02_a_key_with_another_body_or_path_is_refused(
    door: Door, figure: Figures
) -> None:
    headers = {"Idempotency-Key": "once"}
    body = lines(rows.full(ORDERS))
    await read(await door.post(ORDERS, body, headers=headers))
    before = await door.books()
    tried = (
        (ORDERS, body[:-1]), (ORDERS, b""), (ORDERS, body + body), (FactKind.REFUNDS, body),
        (ORDERS, lines(rows.full(ORDERS, paid_amount="1"))),
    )  # fmt: skip
    accepted = []
    for kind, other in tried:
        response = await door.post(kind, other, headers=headers)
        if (response.status_code, response.json().get("code")) != (422, "idempotency_key_reused"):
            accepted.append((kind, other, response.text))
    figure("E02", Wrong.ACCEPTED, accepted, tried=len(tried), of="other bodies under a key")
    assert await door.books() == before


async def test_a_refusal_is_kept_under_its_key_too(door: Door) -> None:
    headers = {"Idempotency-Key": "broken"}
    first = await door.post(ORDERS, b"{", form="application/json", headers=headers)
    again = await door.post(ORDERS, b"{", form="application/json", headers=headers)
    assert first.status_code == again.status_code == 400
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


async def test_scenario_e03_a_crash_between_effect_and_answer_leaves_neither(
    door: Door, figure: Figures
) -> None:
    """Requirement 15."""
    headers = {"Idempotency-Key": "crash"}
    body = lines(rows.full(ORDERS))
    before = await door.books()
    with (
        patch.object(routes, "keep_reply", side_effect=RuntimeError("killed here")),
        patch.object(problems, "_log"),
        pytest.raises(RuntimeError, match="killed here"),
    ):
        await door.post(ORDERS, body, headers=headers)
    assert await door.books() == before
    again = [await door.post(ORDERS, body, headers=headers) for _ in range(2)]
    assert await read(again[0]) == answer(received=1, created=1)
    doubled = await door.count("batches") - 1 + (again[1].content != again[0].content)
    figure("E03", Wrong.EFFECTS, doubled, tried=2, of="posts of a batch that had crashed")


async def test_a_hundred_thousand_rows(door: Door) -> None:
    kind = FactKind.RATINGS
    template = json.dumps(rows.full(kind, id="@"))
    body = "\n".join(template.replace("@", f"T-{number}") for number in range(100_000)).encode()
    document = await read(await door.post(kind, body, pack=True))
    assert document == answer(received=100_000, created=100_000)
    (ratings,) = await door.owner.fetch(
        "SELECT records, rating_points FROM rating_measures WHERE tenant_id = $1", door.tenant
    )
    assert (ratings["records"], ratings["rating_points"]) == (100_000, 470_000)
    more = body + b"\n" + template.encode()
    response = await door.post(kind, more)
    assert (response.status_code, response.json()["code"]) == (413, "too_many_rows")


async def test_unknown_kinds(door: Door) -> None:
    response = await door.client.post(
        "/v1/facts/nothing", headers={"Authorization": f"Bearer {door.keys['erp']}"}
    )
    assert response.status_code == 422
