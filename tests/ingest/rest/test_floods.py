"""Bodies too large, too deep or packed too small stop nobody else; no text of theirs forges a line.

How long others wait is told in the time of the loop's own thread: what other programs of this
machine take away is not ours.
"""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from urllib.parse import quote

import pytest

from services.schema.words import FactKind
from tests.figures import Figures, Most, Wrong
from tests.floods import LONGEST_STALL_MS, piece_by_piece, stalls, without_garbage
from tests.ingest import rows
from tests.ingest.doors import NDJSON, Door, lines
from tests.ingest.workers.test_canaries import logged

ORDERS = FactKind.ORDERS


def good(changed: str = "") -> bytes:
    return lines(rows.full(ORDERS)).rstrip(b"}\n") + changed.encode() + b"}\n"


# What is posted in which form, packed or not, and what is said to it; rows of faults in a 200.
FLOODS: dict[str, tuple[Callable[[], bytes], str, bool, set[int]]] = {
    "72 MB": (lambda: good() * ((72 << 20) // len(good())), NDJSON, False, {413}),
    "72 MB of one row": (lambda: b"x" * (72 << 20), NDJSON, False, {413}),
    "72 MB of an array": (lambda: b"[" + b"1," * (36 << 20), "application/json", False, {400, 413}),
    "a bomb of 300 MB": (lambda: b" " * (300 << 20), NDJSON, True, {413}),
    "a bomb of one row": (lambda: b"x" * (300 << 20), NDJSON, True, {413}),
    "10^5 deep": (lambda: b"[" * 100_000, "application/json", False, {400}),
    "10^5 deep in a row": (lambda: b'{"a":' * 100_000, NDJSON, False, {200}),
    "1 MB of doubled names": (lambda: good(', "id": "x"' * 90_000), NDJSON, False, {200}),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_scenario_e08_what_is_too_much_is_refused_and_holds_up_nobody(
    door: Door, name: str, figure: Figures
) -> None:
    make, form, packed, wanted = FLOODS[name]
    body = gzip.compress(make(), 9) if packed else make()
    headers = {"Authorization": f"Bearer {door.keys['erp']}", "Content-Type": form}
    if packed:
        headers["Content-Encoding"] = "gzip"
    # What only a process's first request takes is no flood's.
    assert (await door.get("/v1/feeds")).status_code == 200
    assert (await door.post(ORDERS, b"")).status_code == 200
    with without_garbage():
        async with stalls() as found:
            response = await door.client.post(
                "/v1/facts/orders", content=piece_by_piece(body), headers=headers
            )
    figure("E08", Wrong.ACCEPTED, int(response.status_code not in wanted), tried=1, of="floods")
    assert await door.count("order_facts") == 0
    figure.most("E08", Most.STALL, max(found), limit=LONGEST_STALL_MS)


FORGED = (
    '\r\n{"event": "forged"}', '\n{"event": "forged"}', "\x1b[2J\x1b[31mforged", "\u2028forged",
    "x" * 1_000_000 + '\n{"event": "forged"}',
)  # fmt: skip


async def test_scenario_x04_requests_forge_no_line(door: Door, figure: Figures) -> None:
    """In a path, a header, a key that opens nothing, and the id of an order: a line for each."""
    tried, wrong = 0, []
    for text in FORGED:
        with logged() as written:
            statuses = [status async for status in asked_with(door, text)]
        told = written.getvalue().splitlines()
        tried += len(statuses)
        events = [json.loads(line)["event"] for line in told]
        wrong += [line for line in told if not line.isprintable()]
        wrong += [event for event in events if "forged" in event]
        assert events.count("request") == len(statuses)
        assert max(statuses) < 500
    figure("X04", Wrong.ACCEPTED, wrong, tried=tried, of="requests with texts that act")


async def asked_with(door: Door, text: str) -> AsyncIterator[int]:
    own = {b"Authorization": f"Bearer {door.keys['erp']}".encode()}
    raw = text.encode()
    for path in (f"/v1/{quote(text[:9000])}", f"/v1/feeds?after={quote(text[:9000])}"):
        yield (await door.client.get(path, headers=own)).status_code
    for name in ("Authorization", "User-Agent", "Idempotency-Key", "X-Request-Id", "Host"):
        value = b"Bearer " + raw if name == "Authorization" else raw
        headers = {**own, name.encode(): value}
        yield (await door.client.get("/v1/feeds", headers=headers)).status_code
    body = json.dumps([rows.full(ORDERS, id=text)]).encode()
    yield (await door.post(ORDERS, body, form="application/json")).status_code
