"""Errors: ours are masked, refusals keep their code, and one root's failure is its own."""

import pytest

from services.api.graph import units
from services.api.graph.faults import MOST_LISTED
from services.schema.db import Database
from services.schema.errors import Unavailable
from tests.api.companies import Company
from tests.api.graph.asking import post
from tests.figures import Figures, Wrong

CANARY = "canary-4f1c"
BROKEN = "answers to queries that something broke, by a word of it"


async def broken(*_: object, **__: object) -> None:
    raise RuntimeError(CANARY)


async def away(*_: object, **__: object) -> None:
    raise Unavailable("Something is away.")


async def test_graphql_03_a_mistake_of_ours_is_masked_and_noted(
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Figures,
) -> None:
    """Scenario G03."""
    monkeypatch.setattr(units, "read_page_of_units", broken)
    answer = await post(company, "{ units { totalCount } shops { totalCount } }")
    figure("G03", Wrong.LEAKS, int(CANARY in answer.text), tried=1, of=BROKEN)
    body = answer.json()
    assert (answer.status_code, body["data"]) == (200, {"units": None, "shops": {"totalCount": 0}})
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]) == (["units"], {"code": "internal"})
    assert CANARY in capsys.readouterr().out


async def test_what_is_away_says_so(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "read_page_of_units", away)
    (error,) = (await post(company, "{ units { totalCount } }")).json()["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Something is away.", "unavailable")


async def test_scenario_g03_without_a_database_nothing_is_told_of_it(
    company: Company, figure: Figures
) -> None:
    kept = company.app.state.database
    company.app.state.database = Database(f"postgresql://{CANARY}@/x?host=/no", application="x")
    try:
        answer = await post(company, "{ units { totalCount } }")
    finally:
        await company.app.state.database.close()
        company.app.state.database = kept
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    figure("G03", Wrong.LEAKS, int(CANARY in answer.text), tried=1, of=BROKEN)


async def test_nothing_is_suggested_and_at_most_twenty_errors_are_listed(company: Company) -> None:
    answer = await post(company, "{ viewer { rol } scorecard(id: 1) { lines { indicato } } }")
    assert [error["message"] for error in answer.json()["errors"]] == [
        "Cannot query field 'rol' on type 'Viewer'.",
        "Cannot query field 'indicato' on type 'Line'.",
    ]
    wrong = " ".join(f"w{n}" for n in range(MOST_LISTED + 9))
    answer = await post(company, f"{{ viewer {{ {wrong} }} }}")
    assert len(answer.json()["errors"]) == MOST_LISTED
