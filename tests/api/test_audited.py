"""What is changed is put down: every writing route of both services appends to the audit.

The routes come from the matrix, which a test holds to the routes there are, and are called as
their rows allow. PostgreSQL says which tables a call has changed.
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest
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
FACTS = "facts are put down by batch, with its caller and what became of its rows"
EXEMPT = {
    "POST /v1/facts/{kind}": FACTS,
    "POST /v1/feeds/hooks/{tenant}/{shop}": "it has a shop pulled sooner, and changes nothing",
}
"""What appends nothing, and why."""


class Told(Watch):
    """What a transaction appends to the audit as well: each detail is as the contract says."""

    def __init__(self) -> None:
        super().__init__()
        self.actions: set[str] = set()

    @asynccontextmanager
    async def watching(self, session: WriteSession) -> AsyncIterator[None]:
        last = await session.scalar(text("SELECT max(number) FROM audit"))
        async with super().watching(session):
            yield
        own = text("SELECT action, detail FROM audit WHERE number > :last")
        for row in await session.execute(own, {"last": last or 0}):
            AuditDetail.model_validate_json(row.detail)
            self.actions.add(row.action)


@in_the_world
async def test_every_writing_route_appends_to_the_audit(world: World) -> None:
    shown: set[str] = set()
    silent: set[str] = set()
    watch = Told()
    writing = [
        row
        for row in matrix()
        if row.startswith(("REST POST /v1", "REST PUT /v1", "REST DELETE /v1"))
    ]
    async with undone(world, watch.watching):
        for row in writing:
            for call in calls_of(world, row):
                if call.wanted != "allow" or call.ruled or row in shown | silent:
                    continue
                watch.changed.clear()
                answer = await send(world, call, call.thing)
                changed = watch.changed.keys() - NOT_EFFECTS
                if answer.status_code < 300 and changed:
                    (shown if watch.changed["audit"] else silent).add(row)
    wrong = {row.removeprefix("REST ") for row in silent} - EXEMPT.keys()
    left = {row.removeprefix("REST ") for row in writing if row not in shown | silent}
    sys.stdout.write(
        f"{len(writing)} writing routes: {len(shown)} seen to append, {len(EXEMPT)} exempt, "
        f"{len(wrong)} silent; {len(watch.actions)} of {len(DETAILS)} actions\n"
    )
    assert len(watch.actions) > 60
    assert sorted(wrong) == []
    assert not left, f"give each an ask that succeeds, and the world what it needs: {sorted(left)}"
    assert {f"REST {row}" for row in EXEMPT} == silent


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
