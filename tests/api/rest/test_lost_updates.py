"""Two who read the same thing and change it at once: one is told that it has changed."""

import asyncio

import pytest

from tests.api.appraisals import scheme
from tests.api.companies import Company, Json
from tests.figures import Figures, Wrong

NAME = {"zh": "名", "en": "name"}
SHOP = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
INDICATOR = {"name": NAME, "formula": "paid_amount", "unit": "money", "better": "higher"}
TENANT = {
    "name": "t", "currency": "CNY", "timezone": "Asia/Shanghai", "week_start": "monday",
    "fiscal_start": "01-01",
}  # fmt: skip
# Where a thing is, and three of its states.
THINGS: dict[str, tuple[Json, ...]] = {
    "/v1/tenant": (TENANT, TENANT | {"name": "u"}, TENANT | {"name": "v"}),
    "/v1/shops/s": (SHOP, SHOP | {"name": "t"}, SHOP | {"name": "u"}),
    "/v1/units/u": ({"name": "u"}, {"name": "v"}, {"name": "w"}),
    "/v1/employees/e": ({"name": "e"}, {"name": "f"}, {"name": "g"}),
    "/v1/measures/m": tuple({"name": NAME, "unit": u} for u in ("count", "seconds", "money")),
    "/v1/indicators/i": (
        INDICATOR, INDICATOR | {"better": "lower"}, INDICATOR | {"formula": "cost_amount"},
    ),
    "/v1/schemes/s": (scheme(note="a"), scheme(note="b"), scheme(note="c")),
    "/v1/target-calendar": tuple(
        {"stretches": [{"from": "2026-01-10", "to": "2026-01-11", "weight": weight}]}
        for weight in ("2", "3", "4")
    ),
}  # fmt: skip
ROUNDS = 3


@pytest.mark.parametrize("path", THINGS)
async def test_scenario_h03_of_two_who_change_the_same_at_once_one_is_told(
    company: Company, path: str, figure: Figures
) -> None:
    lost: list[object] = []
    tried = 0
    first, *others = THINGS[path]
    for _ in range(ROUNDS):
        made = await company.put(path, first)
        assert made.status_code in {200, 201}, made.text
        tag = made.headers["etag"]
        answers = await asyncio.gather(
            *(company.put(path, other, If_Match=tag) for other in others)
        )
        statuses = sorted(answer.status_code for answer in answers)
        (kept, *_) = [answer for answer in answers if answer.status_code == 200]
        there = await company.get(path)
        if statuses != [200, 412] or there.content != kept.content:
            lost.append((statuses, there.text))
        before = await company.digest()
        stale = await company.put(path, first, If_Match=tag)
        lost += [stale.text] if stale.status_code != 412 or await company.digest() != before else []
        assert (await company.put(path, others[0], If_Match="*")).status_code == 200
        tried += len(answers) + 1
    figure("H03", Wrong.CHANGES, lost, tried=tried, of="changes by what was read before")


async def test_scenario_h03_what_is_not_there_yet_has_no_tag_to_match(
    company: Company, figure: Figures
) -> None:
    made = []
    new = [path for path in THINGS if path.count("/") == 3]
    for path in new:
        for tag in ("*", '"0"'):
            answer = await company.put(path, THINGS[path][0], If_Match=tag)
            made += [path] if answer.status_code != 412 else []
    figure("H03", Wrong.CHANGES, made, tried=2 * len(new), of="changes of what is not there")
