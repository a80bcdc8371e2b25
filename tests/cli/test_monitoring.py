"""What the demo states of its reports, survey and cases is taken as it is, and stated once."""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

import pytest
from pydantic import BaseModel

from sandbox import company
from services.api.rest.cases import CaseIn, CaseStepIn
from services.api.rest.reports import DutyIn, WrittenReportIn
from services.api.rest.surveys import AnswerIn, InvitationsIn, StatedSurvey
from services.api.rest.target_plans import PlanIn, ReportIn
from services.api.rest.uses import StatedUseRule, UseDecisionIn
from services.cli import monitoring
from services.cli.appraisals import Hands
from services.cli.client import Client

TODAY = date(2026, 11, 22)
SURVEY = f"/v1/surveys/{company.survey(TODAY)[0]}"
MODELS: Mapping[str, type[BaseModel]] = {
    "PUT /v1/report-duty": DutyIn,
    "PUT /v1/reports": WrittenReportIn,
    f"PUT {SURVEY}": StatedSurvey,
    f"POST {SURVEY}/invitations": InvitationsIn,
    f"POST {SURVEY}/answers": AnswerIn,
    "POST /v1/cases": CaseIn,
    "PUT /v1/target-plans": PlanIn,
    "POST /v1/target-plans/reports": ReportIn,
    **{f"PUT /v1/use-rules/{code}": StatedUseRule for code, *_ in company.use_rules()},
    "POST /v1/uses/decisions": UseDecisionIn,
}


class Office:
    """Keeps what it is told, and reads each body as the api does."""

    def __init__(self) -> None:
        self.told: list[tuple[str | None, str]] = []
        self.asked: str | None = None
        self.duty: dict[str, Any] = {"positions": []}
        self.survey: Any = None
        self.answers: list[Any] = []
        self.cases: dict[str, dict[str, Any]] = {}
        self.plans: list[Any] = []
        self.rules: dict[str, str] = {}
        """What became of the one proposal of each."""

    def of(self, employee: str | None) -> "Office":
        self.asked = employee
        return self

    def get(self, path: str) -> Any:
        assert path == "/v1/report-duty"
        return self.duty

    def find(self, path: str) -> Any:
        assert path == SURVEY
        return self.survey

    def list(self, path: str) -> list[Any]:
        if path.startswith("/v1/uses?rule="):
            rule = path.partition("=")[2]
            one = {"rule": rule, "employee": "e-019", "result": "res_1"}
            return [{**one, "state": self.rules[rule]}]
        if path == "/v1/use-rules":
            return [{"code": code} for code in self.rules]
        if path == "/v1/target-plans":
            return self.plans
        return self.answers if path.endswith("/answers") else [*self.cases.values()]

    def put(self, path: str, body: Any) -> Any:
        self._read(f"PUT {path}", body)
        if path == "/v1/report-duty":
            self.duty = body
        if path == SURVEY:
            self.survey = body
        if path == "/v1/target-plans":
            actions = [{"state": "plan", **each} for each in body["actions"]]
            self.plans.append({**body, "actions": actions})
            return self.plans[-1]
        if path.startswith("/v1/use-rules/"):
            self.rules[path.rpartition("/")[2]] = "open"
        return body

    def post(self, path: str, body: Any) -> Any:
        if path.endswith("/steps"):
            CaseStepIn.model_validate(body)
            self.told.append((self.asked, f"step {body['step']}"))
            case = self.cases[path.split("/")[3]]
            case["steps"].append(body)
            return case
        self._read(f"POST {path}", body)
        if path.endswith("/answers"):
            self.answers.append(body)
        if path == "/v1/target-plans/reports":
            for plan in self.plans:
                for each in plan["actions"]:
                    if each["code"] == body["action"]:
                        each["state"] = body["state"]
        if path == "/v1/uses/decisions":
            self.rules[body["rule"]] = "accepted"
        if path == "/v1/cases":
            case = {**body, "id": f"case_{len(self.cases)}", "steps": [{"step": "opened"}]}
            self.cases[case["id"]] = case
            return case
        return body

    def _read(self, what: str, body: Any) -> None:
        MODELS[what].model_validate(body)
        self.told.append((self.asked, what))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office()
    monkeypatch.setattr(Hands, "__init__", lambda *_: None)
    monkeypatch.setattr(Hands, "__exit__", lambda *_: None)
    monkeypatch.setattr(Hands, "of", lambda _, employee: made.of(employee))
    return made


def test_the_company_reports_asks_and_leaves_what_was_found_to_somebody(office: Office) -> None:
    monitoring.monitor(cast("Client", office), TODAY)
    assert set(MODELS) == {what for _, what in office.told if not what.startswith("step")}
    assert (company.KEY_HOLDERS["employee"], "PUT /v1/reports") in office.told
    assert len(office.answers) < len(company.respondents())
    late, closed = office.cases.values()
    assert (late["due_on"] < str(TODAY), len(late["steps"])) == (True, 1)
    steps = [each for each in office.told if each[1].startswith("step")]
    assert steps == [("e-033", "step done"), ("e-033", "step told"), (None, "step closed")]
    assert [each["step"] for each in closed["steps"]][-1] == "closed"


def test_what_is_planned_is_reported_on_and_what_is_proposed_is_decided(office: Office) -> None:
    monitoring.monitor(cast("Client", office), TODAY)
    told = [each for each in office.told if "plans" in each[1]]
    assert told == [
        (None, "PUT /v1/target-plans"),
        ("e-006", "POST /v1/target-plans/reports"),
        (None, "PUT /v1/target-plans"),
        ("e-013", "POST /v1/target-plans/reports"),
    ]
    assert set(office.rules.values()) == {"accepted"}
    # A start that was killed in between goes on with what is not told yet.
    office.plans[1]["actions"][0]["state"] = "plan"
    office.rules["training"] = "open"
    office.told.clear()
    monitoring.monitor(cast("Client", office), TODAY)
    assert [each for each in office.told if "plans" in each[1] or "uses" in each[1]] == [
        ("e-013", "POST /v1/target-plans/reports"),
        (None, "POST /v1/uses/decisions"),
    ]
    assert set(office.rules.values()) == {"accepted"}


def test_a_second_start_states_nothing_twice_and_takes_the_steps_that_were_left(
    office: Office,
) -> None:
    monitoring.monitor(cast("Client", office), TODAY)
    cases = [*office.cases.values()]
    del cases[1]["steps"][2:]
    office.told.clear()
    monitoring.monitor(cast("Client", office), TODAY)
    assert office.told == [
        (None, f"POST {SURVEY}/invitations"),
        (company.KEY_HOLDERS["employee"], "PUT /v1/reports"),
        (company.KEY_HOLDERS["lead"], "PUT /v1/reports"),
        ("e-033", "step told"),
        (None, "step closed"),
    ]
