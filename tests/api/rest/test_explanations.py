"""Explanations through the door: from the total to counts of records and links, in both languages.

Of cards that are live, incomplete, made of segments and frozen; every figure is of those below it.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from services.api.rest.explanation_documents import ToldExplanationDocument
from services.ingest.store.facts import filters_of
from services.schema.words import FactKind
from tests.api.appraisals import (
    ask,
    cards,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.core import naive
from tests.api.facts import Sale

CHINESE = re.compile(r"[\u4e00-\u9fff]")
BY_NUMBERS = {"points", "section"}
"""Nodes whose words are one sum, the same in both languages."""


@pytest.fixture
async def ready(company: Company) -> Company:
    """Of three agents one moves on the 16th, one has no target; all in January, still open."""
    await found(company)
    stated = scheme(pay=[])
    # Traffic names no person: its facts are those of the shops.
    stated["sections"][0]["items"][0]["weight"] = "50"
    visitors = {
        "code": "visitors", "indicator": "visitors", "weight": "10", "scope": "shops",
        "target": {"kind": "fixed", "value": "10"}, "rule": {"kind": "ratio"}, "missing": "zero",
    }  # fmt: skip
    stated["sections"][0]["items"].append(visitors)
    await publish_scheme(company, "sales", stated)
    moved = person(end="2026-01-16")
    moved["assignments"] += person(unit="shops", start="2026-01-16")["assignments"]
    await ask(company, "PUT", "/v1/employees/e-1", moved)
    await set_targets(company, {"e-1": "1000", "e-2": "500"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="300"),
        Sale(paid_on=date(2026, 1, 20), salesperson="e-1", amount="516"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
        Sale(paid_on=date(2026, 1, 7), salesperson="e-2", amount="150"),
    )
    await open_cycle(company)
    return company


async def explained(company: Company, subject: str) -> tuple[Json, Json]:
    """A card, and how it came about."""
    card = (await cards(company))[subject]
    answer = await company.get(f"/v1/scorecards/{card['id']}/explanation")
    assert answer.status_code == 200, answer.text
    ToldExplanationDocument.model_validate(answer.json(), strict=False)
    return card, answer.json()


def each_node(node: Json) -> Iterator[Json]:
    yield node
    for part in node["parts"]:
        yield from each_node(part)


def of_figure(node: Json, figure: str) -> list[Json]:
    return [each for each in each_node(node) if each["figure"] == figure]


def check_tree(card: Json, told: Json) -> None:
    """From the total down: sums, both languages, records, and links that the facts door knows."""
    tree = told["tree"]
    assert (tree["figure"], tree["value"]) == ("grade", card["grade"])
    assert tree["parts"][0]["value"] == card["total"]
    for node in each_node(tree):
        assert node["words"]["zh"], node
        assert node["words"]["en"], node
        assert not CHINESE.search(node["words"]["en"].replace("奖", "")), node
        if node["figure"] in {"grade", "total", "segment", "score", "value", "target", "rule"}:
            assert CHINESE.search(node["words"]["zh"]), node
    for segment in of_figure(tree, "segment"):
        lines = [Decimal(line["value"]) for line in of_figure(segment, "line") if line["value"]]
        if segment["value"] is not None:
            whole = sum(lines, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert Decimal(segment["value"]) == whole
    values = of_figure(tree, "value")
    assert len(values) == len(card["lines"])
    for value in values:
        assert value["links"]
        assert value["parts"]
        for link in value["links"]:
            check_link(link)
        for measure in value["parts"]:
            assert measure["figure"] == "measure"
            assert isinstance(measure["records"], int)


def check_link(link: str) -> None:
    """A path of the facts door, with words that it takes."""
    place = urlsplit(link)
    kind = place.path.removeprefix("/v1/facts/")
    assert kind in list(FactKind)
    asked = set(parse_qs(place.query))
    assert {"from", "to"} < asked
    assert asked - {"from", "to"} <= filters_of(FactKind(kind)), link


async def test_requirement_28_a_live_card_is_told_down_to_its_records(ready: Company) -> None:
    card, told = await explained(ready, "employee:e-2")
    check_tree(card, told)
    (paid,) = (
        each
        for each in of_figure(told["tree"], "measure")
        if each["code"] == "paid_amount" and each["value"] == "250"
    )
    assert paid["records"] == 2
    again = naive.recompute(json.dumps(told).encode())
    assert (str(again["total"]), again["grade"]) == (card["total"], card["grade"])


async def test_requirement_28_an_incomplete_card_says_what_it_waits_for(ready: Company) -> None:
    card, told = await explained(ready, "employee:e-3")
    assert card["status"] == "incomplete"
    check_tree(card, told)
    assert told["tree"]["words"]["zh"] == "没有等级"
    (score,) = (each for each in of_figure(told["tree"], "score") if each["value"] is None)
    assert score["words"] == {
        "zh": "没有目标：补齐之前没有总分",
        "en": "no target: the card has no total until it is supplied",
    }


async def test_requirement_28_segments_are_told_one_by_one_and_merged_by_days(
    ready: Company,
) -> None:
    card, told = await explained(ready, "employee:e-1")
    check_tree(card, told)
    segments = of_figure(told["tree"], "segment")
    assert [each["code"] for each in segments] == ["1", "2"]
    mean = of_figure(told["tree"], "mean")[0]
    assert mean["words"]["zh"].startswith("按天数平均：(")
    days = sum(
        Decimal(each["value"]) * part["days"]
        for each, part in zip(segments, card["segments"], strict=True)
    )
    assert Decimal(card["total"]) == (days / 31).quantize(Decimal("0.01"), ROUND_HALF_UP)
    again = naive.recompute(json.dumps(told).encode())
    assert (str(again["total"]), again["grade"]) == (card["total"], card["grade"])


async def test_requirement_28_a_frozen_card_is_told_as_it_was_published(ready: Company) -> None:
    await set_targets(ready, {"e-3": "1"})
    await move(ready, "jan", "closed", "review", "approved", "published")
    before = {}
    for subject in ("employee:e-1", "employee:e-2", "employee:e-3"):
        card, told = await explained(ready, subject)
        assert card["status"] == "published"
        check_tree(card, told)
        again = naive.recompute(json.dumps(told).encode())
        assert (str(again["total"]), again["grade"]) == (card["total"], card["grade"])
        before[subject] = told
    await sell(ready, Sale(paid_on=date(2026, 1, 9), salesperson="e-2", amount="99"))
    for subject, told in before.items():
        assert (await explained(ready, subject))[1] == told
