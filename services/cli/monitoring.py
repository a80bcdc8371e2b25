"""How the made-up company watches: daily reports, a survey, and the cases that come of it.

Each step may be taken again: what was stated before is looked for and not stated twice.
"""

from datetime import date
from typing import Any

from sandbox import company
from services.cli.appraisals import Hands
from services.cli.client import Client


def monitor(admin: Client, today: date) -> None:
    """Have people report, ask customers, and leave what they find to somebody."""
    if not admin.get("/v1/report-duty")["positions"]:
        admin.put("/v1/report-duty", company.report_duty(today))
    _ask(admin, today)
    with Hands(admin) as hands:
        for row in company.reports(today):
            hands.of(row["by"]).put("/v1/reports", row["report"])
        _open_cases(hands, today)


def _ask(admin: Client, today: date) -> None:
    code, survey = company.survey(today)
    path = f"/v1/surveys/{code}"
    if admin.find(path) is None:
        admin.put(path, survey)
    admin.post(f"{path}/invitations", {"respondents": company.respondents()})
    answered = {each["respondent"] for each in admin.list(f"{path}/answers")}
    for answer in company.answers():
        if answer["respondent"] not in answered:
            admin.post(f"{path}/answers", answer)


def _open_cases(hands: Hands, today: date) -> None:
    """A start that was killed goes on with the step that was not taken."""
    admin = hands.of(None)
    known: dict[str, Any] = {case["finding"]: case for case in admin.list("/v1/cases")}
    for row in company.cases(today):
        case = known.get(row["case"]["finding"]) or admin.post("/v1/cases", row["case"])
        for by, step in row["steps"][len(case["steps"]) - 1 :]:
            hands.of(by).post(f"/v1/cases/{case['id']}/steps", step)
