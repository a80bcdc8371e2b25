"""What one of HR changed after others had approved is not approved and published by them alone."""

from datetime import date

from tests.api.appraisals import (
    SCHEME,
    ask,
    cards,
    checker,
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.calibrating import TEN, ids, moves_of, reviewed
from tests.api.companies import Company
from tests.api.facts import Sale

MOVES, CALIBRATION = "/v1/cycles/jan/moves", "/v1/cycles/jan/calibration"
BOUNDED = {"plan": "adjustment", "minimum": "-500", "maximum": "300"}


async def test_who_moved_a_grade_and_approved_alone_does_not_publish(company: Company) -> None:
    """Whichever key of theirs; once another has approved it, they may."""
    await reviewed(company, TEN)
    for key in ("mine", "mine-too"):
        await company.make_key(key, "hr", "boss")
    await move(company, "jan", "calibration")
    known = await ids(company)
    swapped = moves_of(known, ("e-2", "A"), ("e-1", "B"))
    assert (await company.post(CALIBRATION, swapped, key="mine")).status_code == 200
    await ask(company, "POST", MOVES, {"to": "approved"}, key="mine-too")
    before = await digest(company)
    for key in ("mine", "mine-too"):
        refused = await company.post(MOVES, {"to": "published"}, key=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "published_alone")
        named = {each["pointer"] for each in refused.json()["errors"]}
        assert named == {f"/scorecards/{known[who]}" for who in ("e-1", "e-2")}
    assert await digest(company) == before
    for to in ("open", "closed", "review", "calibration"):
        await ask(company, "POST", MOVES, {"to": to, "reason": "once more"}, key="mine")
    assert (await company.post(CALIBRATION, swapped, key="mine")).status_code == 200
    await move(company, "jan", "approved")
    await ask(company, "POST", MOVES, {"to": "published"}, key="mine")


async def test_who_stated_pay_and_approved_alone_does_not_publish(company: Company) -> None:
    """What was stated for a revision that is published was seen by two then."""
    await found(company, ["e-1", "e-2"])
    pay = [*SCHEME["pay"], BOUNDED]
    await publish_scheme(company, document=scheme(approval=["hr"], pay=pay))
    await set_targets(company, {"e-1": "100", "e-2": "100"})
    for code in ("e-1", "e-2"):
        await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson=code, amount="100"))
    await open_cycle(company)
    known = await cards(company)
    payouts = f"/v1/scorecards/{known['employee:e-1']['id']}/payouts"
    await ask(company, "POST", payouts, {"amount": "50", "reason": "helped out"})
    await move(company, "jan", "closed", "review")
    approve = {"decision": "approve", "comment": None}
    for card in known.values():
        reviews = f"/v1/scorecards/{card['id']}/reviews"
        await ask(company, "POST", reviews, approve, key=await checker(company))
    await move(company, "jan", "approved")
    alone = await company.post(MOVES, {"to": "published"})
    assert (alone.status_code, alone.json()["code"]) == (409, "published_alone")
    assert [each["pointer"] for each in alone.json()["errors"]] == [
        payouts.removeprefix("/v1").removesuffix("/payouts")
    ]
    await move(company, "jan", "published")
    await move(company, "jan", "open", "closed", "review", "approved", reason="again")
    await ask(company, "POST", MOVES, {"to": "published"})
