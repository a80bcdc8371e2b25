"""How the made-up company watches: daily reports, a survey and the cases that come of it; what is
done for targets, and what past grades lead to.

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
        _plan(hands, today)
        _use(hands.of(None))


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


def _plan(hands: Hands, today: date) -> None:
    """Plans that are not there, and how actions stand of which nothing is told yet."""

    def key(plan: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(plan[name] for name in ("subject", "indicator", "period"))

    known = {key(plan): plan for plan in hands.of(None).list("/v1/target-plans")}
    for row in company.target_plans(today):
        plan = known.get(key(row["plan"])) or hands.of(None).put("/v1/target-plans", row["plan"])
        waiting = {each["code"] for each in plan["actions"] if each["state"] == "plan"}
        for by, report in row["reports"]:
            if report["action"] in waiting:
                hands.of(by).post("/v1/target-plans/reports", report)


def _use(admin: Client) -> None:
    """Rules over past grades that are not there; of each the first proposal is decided."""
    known = {rule["code"] for rule in admin.list("/v1/use-rules")}
    for code, rule, reason in company.use_rules():
        if code not in known:
            admin.put(f"/v1/use-rules/{code}", rule)
        uses = admin.list(f"/v1/uses?rule={code}")
        if uses and all(use["state"] == "open" for use in uses):
            decision = {name: uses[0][name] for name in ("rule", "employee", "result")}
            admin.post("/v1/uses/decisions", {**decision, "accept": True, "reason": reason})
