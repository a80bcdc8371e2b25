"""What is too much for the api is refused at each of its doors, and holds up nobody else.

How long others wait is told in the time of this process: what is read beside the loop keeps them
waiting too, where it does not let go.
"""

import contextlib
import gzip
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping

import pytest
from websockets.exceptions import ConnectionClosed

from services.door.requests import BODY_LIMIT
from services.door.serving import MESSAGE_BYTES
from tests.api.companies import Company
from tests.api.graph.serving import served
from tests.api.graph.test_sockets import Place
from tests.figures import Figures, Most, Wrong
from tests.floods import LONGEST_STALL_MS, piece_by_piece, stalls, without_garbage

HUGE = 72 << 20
_NAMES = b"".join(b'"%d":1,' % each for each in range(20_000))
_ESCAPES = b'"' + b'\\"' * (MESSAGE_BYTES // 2 - 1)
FLOODS: Mapping[str, bytes] = {
    "10^5 deep": b"[" * 100_000,
    "10^5 deep in names": b'{"a":' * 100_000,
    "1 MB of brackets": b"[" * BODY_LIMIT,
    "1 MB of one name": b"{" + b'"a":1,' * (BODY_LIMIT // 6 - 1) + b'"a":1}',
    "20,000 names, the last twice": b"{" + _NAMES + b'"19999":1}',
    "a text that does not end": _ESCAPES,
    "a text that ends in half a sign": _ESCAPES + b"\\",
    "1 MB and a byte": b" " * (BODY_LIMIT + 1),
}
"""What nobody can read, or nobody takes."""
_DOUBLED = b"".join(b'" %d":1,' % each for each in range(80_000))
AT_FAULT: Mapping[tuple[str, str], bytes] = {
    ("PUT", "/v1/targets"): b"[" + b"{}," * 340_000 + b"{}]",
    ("PUT", "/v1/rates"): b"[" + b"1," * 500_000 + b"1]",
    ("POST", "/v1/employees/batch"): b"[" + b"{}," * 340_000 + b"{}]",
    ("POST", "/v1/indicators/values"): b"[" + b"1," * 500_000 + b"1]",
    ("PUT", "/v1/schemes/mine"): b'{"sections":[' + b"{}," * 340_000 + b"{}]}",
    ("PUT", "/v1/ladders/mine"): b'{"levels":[' + b"1," * 500_000 + b"1]}",
    ("POST", "/v1/targets/break-down"): (
        b'{"subject":"company","indicator":"net_sales","period":"2026-01","into":"employees",'
        b'"weights":{' + _DOUBLED + b'"a":1}}'
    ),
}
"""JSON of 1 MB that is wrong in more places than are looked at."""
QUERIES: Mapping[str, bytes] = {
    "comments": b'{"query":"' + b"#\\n" * 340_000 + b'{ __typename }"}',
    "spaces": b'{"query":"' + b" " * 1_000_000 + b'{ __typename }"}',
    "a name": b'{"query":"{ ' + b"x" * 1_000_000 + b' }"}',
    "a text": b'{"query":"{ employee(code: \\"' + b"x" * 1_000_000 + b'\\") { code } }"}',
}
"""1 MB of what is no token, or one: a query is a short text."""
VARIABLES: Mapping[str, bytes] = {
    "a variable": (
        b'{"query":"query ($v: String!) { employee(code: $v) { code } }","variables":{"v":"'
        + b"x" * 1_000_000 + b'"}}'
    ),
    "a list that nobody asked for": (
        b'{"query":"{ __typename }","variables":{"v":[' + b"1," * 500_000 + b"1]}}"
    ),
}  # fmt: skip
OF = "floods at the api's doors"


class Flooded:
    """A company whose doors are flooded, and what came of it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.wrong: list[str] = []
        self.waits: list[float] = []

    async def send(
        self,
        where: tuple[str, str],
        name: str,
        content: bytes | AsyncIterable[bytes],
        wanted: set[int],
        **headers: str,
    ) -> None:
        """One flood, and whether it was answered as it should be."""
        sent = {"Content-Type": "application/json"}
        sent |= {"Authorization": f"Bearer {self.company.keys['admin']}"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        async with stalls(time.process_time) as found:
            answer = await self.company.client.request(*where, content=content, headers=sent)
        self.waits.append(max(found))
        if answer.status_code not in wanted:
            self.wrong.append(f"{where} {name}: {answer.status_code} {answer.text[:200]}")

    def tell(self, figure: Figures) -> None:
        figure("E08", Wrong.ACCEPTED, self.wrong, tried=len(self.waits), of=OF)
        figure.most("E08", Most.STALL, *self.waits, limit=LONGEST_STALL_MS)


@pytest.fixture
async def flooded(company: Company) -> Flooded:
    # What only a process's first request takes is no flood's.
    await company.get("/v1/shops")
    await company.post("/graphql", {"query": "{ __typename }"})
    return Flooded(company)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/targets"), ("PUT", "/v1/schemes/mine"), ("POST", "/graphql")]
)
async def test_scenario_e08_what_is_too_much_is_refused_before_it_is_read(
    flooded: Flooded, method: str, path: str, figure: Figures
) -> None:
    where = (method, path)
    before = await flooded.company.digest()
    huge, bomb = b"[" + b"1," * (HUGE // 2), gzip.compress(b" " * (64 << 20), 1)
    with without_garbage():
        for name, body in FLOODS.items():
            await flooded.send(where, name, body, {400, 413})
        await flooded.send(where, "72 MB", huge, {413})
        await flooded.send(where, "72 MB by and by", piece_by_piece(huge), {413})
        await flooded.send(where, "said to be long", b"{}", {413}, content_length=str(HUGE))
        for name, body, packing, status in (
            ("a bomb", bomb, "gzip", 413),
            ("half a bomb", bomb[:-9], "gzip", 413),
            ("a cut one", gzip.compress(b"{}")[:-9], "gzip", 400),
            ("packed twice", gzip.compress(bomb), "gzip, gzip", 400),
            ("packed otherwise", b"{}", "br", 400),
        ):
            await flooded.send(where, name, body, {status}, content_encoding=packing)
    flooded.tell(figure)
    assert await flooded.company.digest() == before


async def test_scenario_e08_faults_beyond_counting_are_not_counted(
    flooded: Flooded, figure: Figures
) -> None:
    before = await flooded.company.digest()
    with without_garbage():
        for where, body in AT_FAULT.items():
            await flooded.send(where, "faults", body, {422})
        for name, body in QUERIES.items():
            await flooded.send(("POST", "/graphql"), name, body, {200})
        for name, body in VARIABLES.items():
            await flooded.send(("POST", "/graphql"), name, body, {200})
    flooded.tell(figure)
    assert await flooded.company.digest() == before


async def test_scenario_e08_a_query_of_a_megabyte_is_refused_for_its_length(
    flooded: Flooded, figure: Figures
) -> None:
    accepted = []
    for name, body in QUERIES.items():
        answer = await flooded.company.ask("POST", "/graphql", content=body, headers=_JSON)
        codes = [error["extensions"]["code"] for error in answer.json()["errors"]]
        accepted += [] if codes == ["too_complex"] else [f"{name}: {answer.text[:200]}"]
    figure("E08", Wrong.ACCEPTED, accepted, tried=len(QUERIES), of=OF)


_JSON = {"Content-Type": "application/json"}
MESSAGES: Mapping[str, tuple[bytes, int]] = {
    "72 MB": (b"x" * HUGE, 1009),
    "a byte too much": (b" " * (MESSAGE_BYTES + 1), 1009),
    "deep": (b"[" * (MESSAGE_BYTES // 2), 4400),
    "doubled names": (b"{" + b'"a":1,' * (MESSAGE_BYTES // 6 - 1) + b'"a":1}', 4400),
    "a text that does not end": (_ESCAPES, 4400),
}


async def text_of(message: bytes) -> AsyncIterator[str]:
    async for piece in piece_by_piece(message):
        yield piece.decode()


@pytest.mark.parametrize("key", [None, "admin"])
async def test_scenario_e08_a_message_that_is_too_much_ends_its_socket_alone(
    company: Company, key: str | None, figure: Figures
) -> None:
    """Before one has signed in, and after."""
    accepted, waits = [], []
    async with served(company.app) as port:
        place = Place(company, port)
        async with place.open(key="admin") as other:
            for name, (message, wanted) in MESSAGES.items():
                async with place.open(key=key) as socket, stalls(time.process_time) as found:
                    with contextlib.suppress(ConnectionClosed):
                        await socket.connection.send(text_of(message))
                    code = await socket.closed()
                waits.append(max(found))
                accepted += [] if code == wanted else [f"{name}: {code}"]
            await other.send({"type": "ping"})
            assert await other.hear() == {"type": "pong"}
    figure("E08", Wrong.ACCEPTED, accepted, tried=len(MESSAGES), of="floods of sockets")
    figure.most("E08", Most.STALL, *waits, limit=LONGEST_STALL_MS)
