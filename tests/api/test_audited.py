"""What is changed is put down: every writing route of both services appends to the audit.

The routes come from the matrix, which a test holds to the routes there are, and are called as
their rows allow. PostgreSQL says which tables a call has changed.
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

import pytest
import pytest_asyncio
from sqlalchemy import text

from services.api.rest.audit_details import AuditDetail
from services.door.access import matrix
from services.schema.db import WriteSession
from services.schema.deeds import DETAILS
from tests.api.appraisals import (
    found,
    move,
    open_cycle,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company
from tests.api.effects import NOT_EFFECTS, Watch
from tests.api.facts import Sale
from tests.api.matrix import calls_of, send
from tests.api.worlds import World, undone

in_the_world = pytest.mark.asyncio(loop_scope="session")
EXEMPT = {
    "POST /v1/feeds/hooks/{tenant}/{shop}": "it has a shop pulled sooner, and changes nothing",
}
"""What appends nothing, and why."""


SETTLED = """
SELECT 'result ' || r.id AS kept, md5(r::text) AS digest FROM results AS r
UNION ALL SELECT 'payout ' || p.id, md5(p::text) FROM payouts AS p
UNION ALL SELECT 'card ' || s.id,
    md5(row(s.document, s.explanation, s.bases, s.fingerprint)::text)
FROM scorecards AS s JOIN cycles AS c ON c.tenant_id = s.tenant_id AND c.code = s.cycle
WHERE c.status IN ('approved', 'published')
"""
INGEST_MAY = """
SELECT has_any_column_privilege('results', 'SELECT, INSERT, UPDATE')
    OR has_any_column_privilege('payouts', 'SELECT, INSERT, UPDATE')
    OR has_any_column_privilege('scorecards', 'SELECT, INSERT, UPDATE')
"""
REOPENS = frozenset({"REST POST /v1/cycles/{code}/moves"})
"""What alone may touch a card that is approved; what is published it leaves as it is."""


class Told(Watch):
    """What a transaction appends to the audit as well: each detail is as the contract says."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()
        self.settled = 0
        """How many results, payouts and approved cards there are to meet."""
        self.moved: set[str] = set()
        """Of which of them the last one changed or took away some."""

    @asynccontextmanager
    async def watching(self, session: WriteSession) -> AsyncIterator[None]:
        last = await session.scalar(text("SELECT max(number) FROM audit"))
        settled = await self._settled(session)
        async with super().watching(session):
            yield
        own = text("SELECT action, detail FROM audit WHERE number > :last")
        for row in await session.execute(own, {"last": last or 0}):
            AuditDetail.model_validate_json(row.detail)
            self.actions.add(row.action)
        self.settled = max(self.settled, len(settled))
        self.moved = {each.split()[0] for each, _ in settled - await self._settled(session)}

    @staticmethod
    async def _settled(session: WriteSession) -> set[tuple[str, str]]:
        """Nothing for ingest, which has no right to any of it."""
        if await session.scalar(text("SELECT current_user = 'kaohe_ingest'")):
            assert not await session.scalar(text(INGEST_MAY))
            return set()
        return {(row.kept, row.digest) for row in await session.execute(text(SETTLED))}


@dataclass
class Written:
    """What became of every writing route, each let do once what it may."""

    watch: Told
    routes: list[str]
    shown: set[str] = field(default_factory=set)
    """Those that appended to the audit."""
    silent: set[str] = field(default_factory=set)
    moved: dict[str, set[str]] = field(default_factory=dict)
    """Of what was settled the kinds that a route has changed."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def written(world: World) -> Written:
    kinds = ("REST POST /v1", "REST PUT /v1", "REST DELETE /v1")
    found = Written(Told(), [row for row in matrix() if row.startswith(kinds)])
    watch = found.watch
    async with undone(world, watch.watching):
        for row in found.routes:
            for call in calls_of(world, row):
                if call.wanted != "allow" or call.ruled or row in found.shown | found.silent:
                    continue
                watch.changed.clear()
                answer = await send(world, call, call.thing)
                changed = watch.changed.keys() - NOT_EFFECTS
                if answer.status_code < 300 and changed:
                    (found.shown if watch.changed["audit"] else found.silent).add(row)
                    found.moved[row] = watch.moved
    return found


@in_the_world
async def test_every_writing_route_appends_to_the_audit(written: Written) -> None:
    shown, silent, actions = written.shown, written.silent, written.watch.actions
    wrong = {row.removeprefix("REST ") for row in silent} - EXEMPT.keys()
    left = {row.removeprefix("REST ") for row in written.routes if row not in shown | silent}
    sys.stdout.write(
        f"{len(written.routes)} writing routes: {len(shown)} seen to append, {len(EXEMPT)} exempt, "
        f"{len(wrong)} silent; {len(actions)} of {len(DETAILS)} actions\n"
    )
    assert len(actions) > 60
    assert sorted(wrong) == []
    assert not left, f"give each an ask that succeeds, and the world what it needs: {sorted(left)}"
    assert {f"REST {row}" for row in EXEMPT} == silent


@in_the_world
async def test_requirement_22_no_writing_route_changes_what_is_approved_or_published(
    written: Written,
) -> None:
    """Every kind of write there is, of both doors: goals, facts, ratings, schemes and all else."""
    settled = written.watch.settled
    sys.stdout.write(
        f"{len(written.moved)} writing routes beside {settled} results, payouts and "
        "approved cards: each as it was\n"
    )
    assert len(written.moved) == len(written.routes)
    assert settled > 20
    moved = {row: kinds for row, kinds in written.moved.items() if kinds}
    assert {row: kinds for row, kinds in moved.items() if row not in REOPENS} == {}
    assert all(kinds <= {"card"} for kinds in moved.values())


async def test_every_publication_is_put_down_with_a_digest_of_every_byte(company: Company) -> None:
    await found(company, ["e-1"])
    await publish_scheme(company)
    await set_targets(company, {"e-1": "2000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500", id="so"))
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "approved", "published")
    entry = (await company.get("/v1/audit?limit=500")).json()["items"][-1]
    query = text(
        "SELECT document_sha256 FROM results UNION ALL "
        "(SELECT document_sha256 FROM payouts ORDER BY seq)"
    )
    async with company.owner.read(company.number) as session:
        digests = [bytes(each) for each in (await session.execute(query)).scalars()]
    assert (entry["action"], entry["detail"]["to"]) == ("cycle.move", "published")
    assert (entry["detail"]["results"], entry["detail"]["entries"]) == (1, len(digests) - 1)
    assert entry["detail"]["sha256"] == hashlib.sha256(b"".join(digests)).hexdigest()
    await move(company, "jan", "open", reason="again")
    await move(company, "jan", "closed", "review", "approved", "published")
    again = (await company.get("/v1/audit?limit=500")).json()["items"][-1]
    assert (again["detail"]["to"], again["detail"]["results"]) == ("published", 1)
    assert (await company.get("/v1/audit/verify")).json()["intact"]
