"""What is changed is put down: every writing route of both services appends to the audit.

The routes come from the matrix, which a test holds to the routes there are, and are called as
their rows allow. PostgreSQL says which tables a call has changed.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast
from unittest.mock import patch

import pytest
from sqlalchemy import text

from services.door.access import matrix
from services.schema.db import WriteSession
from tests.api.appraisals import (
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.matrix import ASKS, Ask, calls_of, send
from tests.api.watching import SURVEY
from tests.api.worlds import World, undone

ROOT = Path(__file__).parents[2]
in_the_world = pytest.mark.asyncio(loop_scope="session")
NOT_CHANGES = frozenset({"audit", "counters", "replies", "readers"})
"""The audit itself and its numbers, answers kept, readings noted."""
FACTS = "facts are put down by batch, with its caller and what became of its rows"
EXEMPT = {
    "POST /v1/facts/{kind}": FACTS,
    "POST /v1/feeds/hooks/{tenant}/{shop}": "it has a shop pulled sooner, and changes nothing",
}
"""What appends nothing, and why."""
NAME = {"zh": "新", "en": "new"}
SHOP = {"name": "new", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
VALUE = {
    "indicator": "attendance_faults",
    "subject": "employee:e-mate",
    "period": "2026-01",
    "value": "1",
    "source": "hr",
    "note": "the audit",
}
LADDER = {
    "name": NAME,
    "positions": [],
    "levels": [
        {
            "code": "gold",
            "name": NAME,
            "criteria": [{"code": "helps", "name": NAME, "behaviour": "helps", "months": 1}],
        },
        {"code": "bronze", "name": NAME, "criteria": []},
    ],
    "note": None,
}
REAL: dict[str, Json] = {
    "POST /v1/cycles": {
        "code": "new",
        "scheme": "mine",
        "period": "2026-02",
        "population": {"position": "agent"},
    },
    "POST /v1/employees/batch": [{"code": "new", "name": "new"}],
    "POST /v1/indicators/values": [VALUE],
    "POST /v1/ladders/{code}/assessments": {"month": "2025-12", "employees": None},
    "POST /v1/schemes/{code}/back-test": {"periods": ["2026-01"]},
    "POST /v1/shops/batch": [{"code": "new", **SHOP}],
    "POST /v1/units/batch": [{"code": "new", "name": "new"}],
    "PUT /v1/indicators/{code}": {
        "name": NAME,
        "formula": "paid_amount",
        "unit": "money",
        "better": "higher",
    },
    "PUT /v1/ladders/{code}": LADDER,
    "PUT /v1/late-facts/settings": {"correction_periods": 3},
    "PUT /v1/measures/{code}": {"name": NAME, "unit": "count"},
    "PUT /v1/schemes/{code}": scheme(note="the audit"),
    "PUT /v1/shops/{code}": SHOP,
    "POST /v1/surveys/{code}/invitations": {"respondents": ["b-2"]},
    "PUT /v1/surveys/{code}": SURVEY | {"closes_on": "2098-01-01"},
    "PUT /v1/tenant": {
        "name": "new",
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        "week_start": "monday",
        "fiscal_start": "01-01",
    },
}
"""Bodies that change something, where the matrix has one that is refused or changes nothing."""
_REST = "tests/api/rest"
ELSEWHERE = {
    "POST /v1/cycles/{code}/calibration": (
        f"{_REST}/test_calibrations.py",
        "test_a_calibrated_grade_is_explained_verified_approved_and_paid",
    ),
    "POST /v1/disputes/{id}/decision": (
        f"{_REST}/test_disputes.py",
        "test_an_upheld_rating_is_withdrawn",
    ),
    "POST /v1/feeds/{id}/backfill": (
        "tests/ingest/workers/test_backfills.py",
        "test_a_key_asks_for_one_backfill",
    ),
    "POST /v1/late-facts/{id}/decision": (
        f"{_REST}/test_late_facts.py",
        "test_a_rejected_fact_stays_out_until_more_comes",
    ),
    "POST /v1/schemes/{code}/publish": (
        f"{_REST}/test_schemes.py",
        "test_every_change_is_in_the_audit",
    ),
    "POST /v1/scorecards/{id}/adjustments": (
        f"{_REST}/test_adjustments.py",
        "test_what_is_stated_is_in_the_audit",
    ),
    "POST /v1/scorecards/{id}/improvements": (
        f"{_REST}/test_improvements.py",
        "test_what_an_interview_agreed_is_followed_up_in_the_next_cycle",
    ),
    "POST /v1/scorecards/{id}/ratings": (
        f"{_REST}/test_ratings.py",
        "test_the_audit_knows_that_somebody_rated_and_not_what",
    ),
    "POST /v1/scorecards/{id}/reviews": (
        f"{_REST}/test_reviews.py",
        "test_a_card_goes_from_step_to_step_and_its_cycle_waits",
    ),
    "POST /v1/uses/decisions": (
        f"{_REST}/test_uses.py",
        "test_past_grades_propose_and_people_decide_once",
    ),
    "POST /v1/webhooks/{id}/enable": (
        "tests/api/workers/test_webhooks.py",
        "test_who_fails_for_too_long_is_disabled_and_heard_again_when_enabled",
    ),
    "PUT /v1/mappings/{code}": (
        "tests/ingest/rest/test_mappings.py",
        "test_a_mapping_is_put_read_and_listed",
    ),
    "PUT /v1/shops/{code}/account": (
        "tests/ingest/rest/test_accounts.py",
        "test_an_account_is_taken_away_whole",
    ),
    "PUT /v1/target-calendar": (
        f"{_REST}/test_calendars.py",
        "test_the_calendar_is_put_whole_and_read",
    ),
}
"""What cannot be called with success in this world, and the test that shows its entry."""


class Watch:
    """Which tables the writing transactions of a call have changed."""

    def __init__(self) -> None:
        self.changed: Counter[str] = Counter()

    @asynccontextmanager
    async def watching(self, session: WriteSession) -> AsyncIterator[None]:
        before = await _changes(session)
        yield
        self.changed += await _changes(session) - before


async def _changes(session: WriteSession) -> Counter[str]:
    """What the session's connection has changed so far, by table."""
    query = text(
        "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del AS changes FROM pg_stat_xact_user_tables"
    )
    return Counter({row.relname: row.changes for row in await session.execute(query)})


@pytest.fixture
def asks() -> Iterator[None]:
    """The asks of the matrix, with bodies of ours."""
    ours = {name: replace(ASKS.get(name, Ask()), body=body) for name, body in REAL.items()}
    with patch.dict(cast("dict[str, Ask]", ASKS), ours):
        yield


@in_the_world
async def test_every_writing_route_appends_to_the_audit(world: World, asks: None) -> None:
    shown: set[str] = set()
    silent: set[str] = set()
    watch = Watch()
    writing = [
        row
        for row in matrix()
        if row.startswith(("REST POST /v1", "REST PUT /v1", "REST DELETE /v1"))
    ]
    async with undone(world, watch.watching):
        for row in writing:
            for call in calls_of(world, row):
                if call.wanted != "allow" or row in shown | silent:
                    continue
                watch.changed.clear()
                answer = await send(world, call, call.thing)
                changed = watch.changed.keys() - NOT_CHANGES
                if answer.status_code < 300 and changed:
                    (shown if watch.changed["audit"] else silent).add(row)
    wrong = {row.removeprefix("REST ") for row in silent} - EXEMPT.keys()
    left = {row.removeprefix("REST ") for row in writing if row not in shown | silent}
    named = left & ELSEWHERE.keys()
    sys.stdout.write(
        f"{len(writing)} writing routes: {len(shown)} seen to append, {len(named)} in tests of "
        f"their own, {len(EXEMPT)} exempt, {len(wrong)} silent\n"
    )
    assert sorted(wrong) == []
    unshown = sorted(left - ELSEWHERE.keys() - EXEMPT.keys())
    assert not unshown, (
        f"give each a body in REAL that succeeds, or its test in ELSEWHERE: {unshown}"
    )


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


def test_what_is_shown_elsewhere_is_there() -> None:
    for row, (path, name) in ELSEWHERE.items():
        body = (ROOT / path).read_text().split(f"def {name}(")[1].split("\n\n\n")[0]
        assert "audit" in body, row
        assert f"REST {row}" in matrix(), row
    assert {f"REST {row}" for row in EXEMPT} <= matrix().keys()
