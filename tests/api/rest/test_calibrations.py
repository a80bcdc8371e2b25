"""Calibration over REST: grades by quota, moved by people with reasons, held to quotas, paid."""

import asyncio
from pathlib import Path

import pytest

from services.verify.programs import AGREES, verify
from tests.api.appraisals import (
    SCHEME,
    cards,
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
)
from tests.api.calibrating import (
    SHARES,
    TEN,
    counts,
    distribution,
    forced,
    grades,
    ids,
    moves_of,
    post,
    reviewed,
)
from tests.api.companies import Company
from tests.figures import Figures, Wrong

PATH = "/v1/cycles/jan/calibration"


async def test_cards_show_their_bands_until_calibration_is_entered(company: Company) -> None:
    await reviewed(company, TEN)
    assert "".join((await grades(company)).values()) == "AAABBBBBBB"
    preview = await distribution(company)
    (population,) = preview["populations"]
    assert (preview["round"], preview["moves"], population["meets"]) == (None, [], False)
    assert counts(population) == [("A", 2, 3, 2), ("B", 7, 7, 7), ("C", 1, 0, 1)]
    proposed = [(each["subject"], each["from"], each["to"]) for each in population["proposals"]]
    assert proposed == [("employee:e-2", "A", "B"), ("employee:e-9", "B", "C")]
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "AABBBBBBBC"
    shown = await distribution(company)
    (population,) = shown["populations"]
    assert (shown["round"], population["meets"], population["proposals"]) == (4, True, [])
    assert counts(population) == [("A", 2, 3, 2), ("B", 7, 7, 7), ("C", 1, 0, 1)]
    third = shown["people"][2]
    assert third == {
        "scorecard": (await ids(company))["e-2"], "subject": "employee:e-2", "population": "jan",
        "place": 3, "total": "95.00", "score": "95.00", "tie_breakers": [], "band": "A",
        "limit": None, "before": "A", "after": "B", "origin": "distribution",
    }  # fmt: skip


async def test_a_calibrated_grade_is_explained_verified_approved_and_paid(
    company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The third is moved up for the second; what is paid is what calibration left."""
    await reviewed(company, TEN)
    raw = (await cards(company))["employee:e-2"]["fingerprint"]
    await move(company, "jan", "calibration")
    known = await ids(company)
    forced_card = (await cards(company))["employee:e-2"]
    assert (forced_card["grade"], forced_card["coefficient"]) == ("B", "1")
    made = await company.post(PATH, moves_of(known, ("e-2", "A"), ("e-1", "B")))
    assert made.status_code == 200, made.text
    assert [(e["from"], e["to"], e["reason"]) for e in made.json()["moves"]] == [
        ("B", "A", "e-2 deserves A"),
        ("A", "B", "e-1 deserves B"),
    ]
    assert (await company.get("/v1/cycles/jan/distribution")).content == made.content
    card = (await cards(company))["employee:e-2"]
    assert (card["total"], card["grade"], card["coefficient"], card["rank"]) == (
        "95.00", "A", "1.2", 3,
    )  # fmt: skip
    assert len({raw, forced_card["fingerprint"], card["fingerprint"]}) == 3
    told = (await company.get(f"/v1/scorecards/{known['e-2']}/explanation")).json()
    stated = told["calibration"]
    assert (told["band"], told["grade"], stated["grade"], stated["inputs"]) == ("A", "A", "B", raw)
    assert (stated["place"], stated["people"], stated["limit"]) == (3, 10, None)
    assert [(each["grade"], each["quota"]) for each in stated["quotas"]] == [
        ("A", 2), ("B", 7), ("C", 1),
    ]  # fmt: skip
    author = made.json()["moves"][0]["author"]
    nodes = {each["figure"]: each["words"] for each in told["tree"]["parts"]}
    assert nodes["distribution"]["en"] == "place 3 of 10; quotas: A 2 / B 7 / C 1"
    assert nodes["move"] == {
        "zh": f"校准：B → A，e-2 deserves A ({author})",
        "en": f"calibrated from B to A: e-2 deserves A ({author})",
    }
    board = (await company.get("/?cycle=jan")).text
    assert board.count("quota 强制分布") == 8
    assert board.count("calibrated 校准") == 2
    why = (await company.get(f"/scorecards/{known['e-2']}")).text
    assert "place 3 of 10; quotas: A 2 / B 7 / C 1" in why
    assert "calibrated from B to A: e-2 deserves A" in why
    keys = (await company.client.get("/v1/receipt-keys")).content
    (tmp_path / "keys.json").write_bytes(keys)
    for stage in ("calibration", "approved", "published"):
        if stage != "calibration":
            await move(company, "jan", stage)
        for who in ("e-1", "e-2", "e-9"):
            receipt = (await company.get(f"/v1/scorecards/{known[who]}/receipt")).content
            (tmp_path / "receipt.json").write_bytes(receipt)
            found = verify(tmp_path / "receipt.json", tmp_path / "keys.json")
            told = capsys.readouterr().out
            assert found == AGREES, told
            assert ("of 10 in jan as stated" in told, "moved from" in told) == (True, who != "e-9")
    results = (await company.get("/v1/results?cycle=jan&limit=500")).json()["items"]
    paid = {each["subject"]: (each["grade"], each["payouts"][0]["amount"]) for each in results}
    assert paid["employee:e-2"] == ("A", "1200.00")
    assert paid["employee:e-1"] == ("B", "1000.00")
    assert paid["employee:e-9"] == ("C", "500.00")
    entries = (await company.get("/v1/payroll/entries?after=0&limit=50")).json()["items"]
    assert {e["employee"]: (e["grade"], e["amount"]) for e in entries}["e-2"] == ("A", "1200.00")
    audit = (await company.get("/v1/audit?limit=200")).json()["items"]
    (noted,) = [each for each in audit if each["action"] == "cycle.calibrate"]
    assert [each["reason"] for each in noted["detail"]["moves"]] == [
        "e-2 deserves A", "e-1 deserves B",
    ]  # fmt: skip


async def test_requirement_30_a_tie_on_a_boundary_is_reported_and_people_may_decide(
    company: Company,
) -> None:
    await reviewed(company, {**TEN, "e-1": "95", "e-2": "95", "e-3": "95"})
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "AAAABBBBBC"
    (population,) = (await distribution(company))["populations"]
    known = await ids(company)
    assert population["ties"] == [
        {"grade": "A", "places": 1, "scorecards": [known[f"e-{n}"] for n in (1, 2, 3)]}
    ]
    assert counts(population)[0] == ("A", 2, 4, 4)
    # One of the three goes down, and two: less than the quota of the grade is refused.
    one = await company.post(PATH, moves_of(known, ("e-3", "B"), ("e-2", "B")))
    assert one.status_code == 200, one.text
    before = await digest(company)
    refused = await company.post(PATH, moves_of(known, ("e-1", "B")))
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_not_met")
    assert await digest(company) == before


async def test_tie_breakers_are_as_they_were_when_data_closed(company: Company) -> None:
    """Fewer faults are better; what is posted after closing does not count."""
    shares = {"shares": SHARES, "minimum_population": 3, "tie_breakers": ["discipline_faults"]}
    await reviewed(
        company,
        {**TEN, "e-1": "95", "e-2": "95", "e-3": "95"},
        scheme=forced(distribution=shares),
        faults={"e-1": "2", "e-2": "1"},
    )
    await post(company, "discipline_faults", {"e-3": "0", "e-1": "0"})
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "ABABBBBBBC"
    shown = await distribution(company)
    assert [(p["subject"][9:], p["place"], p["tie_breakers"][0]["value"]) for p in shown["people"]][
        :4
    ] == [("e-0", 1, None), ("e-2", 2, "1"), ("e-1", 3, "2"), ("e-3", 4, None)]
    assert shown["populations"][0]["ties"] == []


async def test_a_gate_holds_through_forcing_and_against_moves(company: Company) -> None:
    """The best of all has a fault and no better than B for it: the place is the next one's."""
    gate = {"when": {"item": "faults", "of": "value", "at_least": "1"}, "then": {"grade": "B"}}
    scheme = forced(gates=[gate])
    (section,) = scheme["sections"]
    section["items"][0]["weight"] = "99"
    section["items"].append(
        {
            "code": "faults", "indicator": "discipline_faults", "weight": "1", "missing": "full",
            "rule": {"kind": "pass", "at_most": "5"},
        }
    )  # fmt: skip
    await reviewed(company, TEN, scheme=scheme, faults={"e-0": "1"})
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "BAABBBBBBC"
    shown = await distribution(company)
    assert [shown["people"][0][name] for name in ("limit", "band", "before", "after")] == [
        "B", "A", "B", "B",
    ]  # fmt: skip
    known, before = await ids(company), await digest(company)
    refused = await company.post(PATH, moves_of(known, ("e-0", "A"), ("e-2", "B")))
    fault = refused.json()["errors"][0]
    assert (refused.status_code, fault["pointer"], fault["code"]) == (
        409, "/moves/0/grade", "grade_limited",
    )  # fmt: skip
    assert await digest(company) == before


async def test_below_the_minimum_nothing_is_forced_and_people_may_still_move(
    company: Company,
) -> None:
    shares = {"shares": SHARES, "minimum_population": 11}
    await reviewed(company, TEN, scheme=forced(distribution=shares))
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "AAABBBBBBB"
    (population,) = (await distribution(company))["populations"]
    assert (population["forced"], population["reason"]) == (False, "below_minimum")
    assert counts(population)[0] == ("A", None, 3, 3)
    moved = await company.post(PATH, moves_of(await ids(company), ("e-3", "A")))
    assert [person["origin"] for person in moved.json()["people"]] == [
        "band", "band", "band", "calibration", *["band"] * 6,
    ]  # fmt: skip
    assert (await move(company, "jan", "approved"))["status"] == "approved"


async def test_small_units_are_pooled_with_their_siblings(company: Company) -> None:
    shares = {"shares": SHARES, "minimum_population": 4, "by": "unit"}
    of = dict(zip(TEN, [*["n1"] * 2, *["n2"] * 2, *["south"] * 6], strict=True))
    await reviewed(
        company,
        TEN,
        scheme=forced(distribution=shares),
        units={"all": "", "north": "all", "n1": "north", "n2": "north", "south": "all"},
        of=of,
    )
    await move(company, "jan", "calibration")
    shown = await distribution(company)
    assert [(p["code"], p["units"], p["people"], p["forced"]) for p in shown["populations"]] == [
        ("unit:north", ["n1", "n2"], 4, True),
        ("unit:south", ["south"], 6, True),
    ]
    # 0.8 / 2.8 / 0.4 and 1.2 / 4.2 / 0.6.
    assert "".join((await grades(company)).values()) == "ABBBABBBBC"


async def test_quotas_of_scores_are_checked_before_approval(company: Company) -> None:
    """No grade is set by them; too many good scores keep a cycle from approval."""
    bands = {"section": "work", "shares": [
        {"from": "90", "share": "20"}, {"from": "60", "share": "70"}, {"from": "0", "share": "10"},
    ]}  # fmt: skip
    stated = {"minimum_population": 3, "bands": bands}
    await reviewed(company, TEN, scheme=forced(distribution=stated))
    await move(company, "jan", "calibration")
    assert "".join((await grades(company)).values()) == "AAABBBBBBB"
    shown = await distribution(company)
    found = shown["populations"][0]["bands"]
    assert [(each["from"], each["quota"], each["people"]) for each in found["bands"]] == [
        ("90", 2, 3), ("60", 7, 7), ("0", 1, 0),
    ]  # fmt: skip
    assert (found["within"], shown["populations"][0]["reason"]) == (False, "no_shares")
    assert [(e["subject"], e["from"], e["to"]) for e in found["proposals"]] == [
        ("employee:e-2", "90", "60"), ("employee:e-9", "60", "0"),
    ]  # fmt: skip
    before = await digest(company)
    refused = await company.post("/v1/cycles/jan/moves", {"to": "approved"})
    assert (refused.status_code, refused.json()["code"]) == (409, "band_quota_exceeded")
    assert await digest(company) == before


async def test_reopening_ends_a_round_and_the_next_begins_from_the_bands(company: Company) -> None:
    await reviewed(company, TEN)
    await move(company, "jan", "calibration")
    made = await company.post(PATH, moves_of(await ids(company), ("e-2", "A"), ("e-1", "B")))
    assert made.json()["round"] == 4
    # A round stays as it began, whatever the company becomes.
    await post(company, "collaboration_score", {"e-9": "97"})
    body = {"name": "south", "parent": None, "lead": None}
    assert (await company.put("/v1/units/south", body)).status_code == 201
    assert (await company.get("/v1/cycles/jan/distribution")).content == made.content
    await move(company, "jan", "open", reason="a mark was missing")
    assert "".join((await grades(company)).values()) == "AAABBBBBBA"
    assert (await distribution(company))["moves"] == []
    await post(company, "collaboration_score", {"e-9": "98"})
    await move(company, "jan", "closed", "review", "calibration")
    assert "".join((await grades(company)).values()) == "ABBBBBBBCA"
    again = await distribution(company)
    assert (again["round"], again["moves"]) == (8, [])
    told = (await company.get(f"/v1/scorecards/{(await ids(company))['e-2']}/explanation")).json()
    assert told["calibration"]["moves"] == []


SENSELESS = [
    ([("e-2", "A")], "quota_not_met", "/moves"),
    ([("e-2", "S"), ("e-1", "B")], "grade_unknown", "/moves/0/grade"),
    ([("e-2", "B")], "grade_unchanged", "/moves/0/grade"),
    ([("e-2", "A"), ("e-2", "C")], "scorecard_repeated", "/moves/1/scorecard"),
    ([("e-2", "A"), ("nobody", "B")], "scorecard_unknown", "/moves/1/scorecard"),
]


async def test_moves_are_made_all_or_none_and_in_calibration_only(company: Company) -> None:
    await reviewed(company, TEN)
    known = {**await ids(company), "nobody": "sc_nobody"}
    early = await company.post(PATH, moves_of(known, ("e-2", "B"), ("e-9", "C")))
    assert (early.status_code, early.json()["code"]) == (409, "not_in_calibration")
    await move(company, "jan", "calibration")
    before = await digest(company)
    for wanted, code, pointer in SENSELESS:
        refused = await company.post(PATH, moves_of(known, *wanted))
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert refused.json()["errors"][0]["pointer"] == pointer
    # A refusal proposes what would mend it: the last of the best goes down.
    proposed = (await company.post(PATH, moves_of(known, ("e-2", "A")))).json()["errors"][1]
    assert (proposed["code"], proposed["detail"]) == (
        "move_proposed", f"{known['e-1']}: employee:e-1 from A to B.",
    )  # fmt: skip
    unreasoned = {"moves": [{"scorecard": known["e-2"], "grade": "A", "reason": ""}]}
    assert (await company.post(PATH, {"moves": []})).status_code == 422
    assert (await company.post(PATH, unreasoned)).status_code == 422
    assert (await company.post("/v1/cycles/feb/calibration", unreasoned)).status_code == 422
    elsewhere = moves_of(known, ("e-2", "A"))
    assert (await company.post("/v1/cycles/feb/calibration", elsewhere)).status_code == 404
    assert await digest(company) == before
    await move(company, "jan", "approved")
    late = await company.post(PATH, moves_of(known, ("e-2", "A"), ("e-1", "B")))
    assert (late.status_code, late.json()["code"]) == (409, "not_in_calibration")


async def test_nobody_calibrates_the_unit_that_they_lead(company: Company) -> None:
    await found(company, ["e-1"])
    apart = {"shares": SHARES, "minimum_population": 10, "tie_breakers": []}
    section = {**SCHEME["sections"][0]}
    section["items"] = [{**section["items"][1], "weight": "100"}]
    await publish_scheme(company, document=scheme(sections=[section], distribution=apart))
    await open_cycle(company, population={"units": ["front", "shops"]})
    await move(company, "jan", "closed", "review", "calibration")
    await company.make_key("boss", "hr", "e-boss")
    before = await digest(company)
    for unit, code in (("shops", "own_scorecard"), ("front", "own_population")):
        card = (await cards(company))[f"unit:{unit}"]["id"]
        moves = {"moves": [{"scorecard": card, "grade": "A", "reason": "ours"}]}
        refused = await company.post(PATH, moves, key="boss")
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert await digest(company) == before


async def test_nobody_calibrates_themselves_nor_their_rivals(company: Company) -> None:
    """A place that a colleague loses is one more for oneself: HR in the population stays out."""
    await reviewed(company, TEN)
    await move(company, "jan", "calibration")
    known = await ids(company)
    for name, role, employee in (
        ("self", "hr", "e-2"), ("hr", "hr", "boss"), ("lead", "lead", "boss"),
        ("own", "employee", "e-2"), ("viewer", "viewer", None), ("payroll", "payroll", None),
    ):  # fmt: skip
        await company.make_key(name, role, employee)
    before = await digest(company)
    own = await company.post(PATH, moves_of(known, ("e-2", "A"), ("e-1", "B")), key="self")
    assert (own.status_code, own.json()["code"]) == (403, "own_scorecard")
    rival = await company.post(PATH, moves_of(known, ("e-3", "A"), ("e-1", "B")), key="self")
    assert (rival.status_code, rival.json()["code"]) == (403, "own_population")
    for key in ("lead", "own", "viewer", "payroll"):
        refused = await company.post(PATH, moves_of(known, ("e-2", "A"), ("e-1", "B")), key=key)
        assert refused.status_code == 403
    assert await digest(company) == before
    for key, status in (("viewer", 200), ("lead", 403), ("own", 403), ("payroll", 403)):
        read = await company.get("/v1/cycles/jan/distribution", key=key)
        assert read.status_code == status
    fine = await company.post(PATH, moves_of(known, ("e-2", "A"), ("e-1", "B")), key="hr")
    assert fine.status_code == 200


async def test_scenario_p04_of_two_calibrators_at_once_one_wins(
    company: Company, figure: Figures
) -> None:
    """Both take the place of the second: the other finds it gone, or the distribution changed."""
    await reviewed(company, TEN)
    await move(company, "jan", "calibration")
    known = await ids(company)
    tag = (await company.get("/v1/cycles/jan/distribution")).headers["etag"]
    answers = await asyncio.gather(
        *(company.post(PATH, moves_of(known, (who, "A"), ("e-1", "B"))) for who in ("e-2", "e-3"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (lost,) = [answer for answer in answers if answer.status_code == 409]
    assert lost.json()["code"] == "grade_unchanged"
    (population,) = (await distribution(company))["populations"]
    assert (population["meets"], counts(population)[0]) == (True, ("A", 2, 3, 2))
    stale = await company.post(PATH, moves_of(known, ("e-1", "A"), ("e-0", "B")), If_Match=tag)
    assert stale.status_code == 412
    fresh = (await company.get("/v1/cycles/jan/distribution")).headers["etag"]
    good = moves_of(known, ("e-1", "A"), ("e-0", "B"))
    assert (await company.post(PATH, good, If_Match=fresh)).status_code == 200
    figure("P04", Wrong.MOVES, 0, tried=2 + 1, of="calibrations: two at once, a stale version")


async def test_another_company_and_a_cycle_without_a_distribution_have_none(
    companies: list[Company],
) -> None:
    one, other = companies
    await reviewed(one, TEN, scheme=forced(distribution=None))
    for asked, cycle in ((one, "jan"), (one, "feb"), (other, "jan")):
        assert (await asked.get(f"/v1/cycles/{cycle}/distribution")).status_code == 404
    body = moves_of(await ids(one), ("e-2", "A"), ("e-1", "B"))
    assert (await other.post(PATH, body)).status_code == 404
