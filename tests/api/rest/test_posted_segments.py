"""A value posted for the period is one value: of every part of it, and never counted twice."""

from tests.api.appraisals import (
    SCHEME,
    ask,
    cards,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
)
from tests.api.companies import Company, Json


def scheme() -> Json:
    (section,) = SCHEME["sections"]
    line = {
        **section["items"][0], "code": "training", "indicator": "training_hours", "weight": "100",
    }  # fmt: skip
    return {**SCHEME, "sections": [{**section, "items": [line]}], "pay": []}


async def test_requirement_21_posted_hours_are_held_against_all_days_of_the_person(
    company: Company,
) -> None:
    """31 hours in 31 days, or 16 from the 16th on: all attain the whole, whatever they were."""
    await found(company, ["e-1"])
    moved = person(end="2026-01-16")
    moved["assignments"] += person(unit="shops", start="2026-01-16")["assignments"]
    await ask(company, "PUT", "/v1/employees/e-2", moved)
    await ask(company, "PUT", "/v1/employees/e-3", person(start="2026-01-16"))
    await publish_scheme(company, document=scheme())
    people = {"e-1": "31", "e-2": "31", "e-3": "16"}
    targets = [
        {"subject": f"employee:{code}", "indicator": "training_hours", "period": "2026-01",
         "level": "budget", "value": "31"}
        for code in people
    ]  # fmt: skip
    await ask(company, "PUT", "/v1/targets", targets)
    posted = [
        {"indicator": "training_hours", "subject": f"employee:{code}", "period": "2026-01",
         "value": hours, "source": "hr"}
        for code, hours in people.items()
    ]  # fmt: skip
    await ask(company, "POST", "/v1/indicators/values", posted)
    await open_cycle(company)
    held = await cards(company)
    for code in people:
        card = held[f"employee:{code}"]
        assert {line["attainment"] for line in card["lines"]} == {"1"}, code
        assert card["total"] == "100.00"
    two = held["employee:e-2"]
    assert [(part["days"], part["total"]) for part in two["segments"]] == [
        (15, "100.00"),
        (16, "100.00"),
    ]
    assert [(line["value"], line["target"]) for line in two["lines"]] == [("31", "31")] * 2
    (line,) = held["employee:e-3"]["lines"]
    assert (line["value"], line["target"]) == ("16", "16")
    explained = (await company.get(f"/v1/scorecards/{two['id']}/explanation")).json()
    stated = [each["lines"][0]["targets"][0] for each in explained["segments"]]
    assert [(each["days"], each["of_days"]) for each in stated] == [(31, 31), (31, 31)]
    await move(company, "jan", "closed", "review", "approved", "published")
