"""Populations ranked and forced, and cards that state where their grade is from."""

import json
from datetime import UTC, datetime

from services.api.core.calibration_documents import read_round, round_document
from services.api.core.calibrations import faults_of_bands, faults_of_quotas, names_of
from services.api.core.receipts import receipt_of
from services.schema.shapes.calibrations import CalibrationMove
from services.schema.shapes.receipts import Signed
from services.schema.shapes.scorecards import Scorecard
from services.verify.programs import check
from tests.api.core.calibrating import SHARES, calibrated, ranked_in, stated
from tests.api.core.scoring import Document, scheme_of

TEN: dict[str, str | None] = {f"p{n}": str(99 - n) for n in range(10)}


def moved(who: str, before: str, after: str, number: int = 1) -> CalibrationMove:
    at = datetime(2026, 11, 9, 8, tzinfo=UTC)
    return CalibrationMove(number, f"sc_{who}", before, after, "agreed", "key:key_1", at)


def receipt(card: Scorecard) -> dict[str, object]:
    return receipt_of(Signed(card.document, card.explanation, None))


def test_a_population_of_the_minimum_is_forced_and_one_person_fewer_is_not() -> None:
    for minimum, forced in ((10, True), (11, False)):
        scheme = stated({"shares": SHARES, "minimum_population": minimum})
        _, ranked = ranked_in(scheme, TEN)
        assert (ranked.unforced is None, ranked.quotas) == (forced, (2, 7, 1) if forced else ())


def test_a_round_is_kept_to_the_last_figure() -> None:
    bands: Document = {"shares": [{"from": "0", "share": "100"}]}
    scheme = stated({"shares": SHARES, "bands": bands})
    begun, _ = ranked_in(scheme, TEN)
    assert read_round(round_document(begun)) == begun


def test_a_card_states_place_quotas_and_moves_and_its_figures_stay() -> None:
    scheme = stated()
    plain = json.loads(calibrated(scheme, {"p0": "99"})["p0"].document)
    cards = calibrated(scheme, TEN, moved("p2", "B", "A"), moved("p1", "A", "B", 2))
    shown, told = json.loads(cards["p2"].document), json.loads(cards["p2"].explanation)
    assert (cards["p2"].grade, shown["grade"], shown["coefficient"]) == ("A", "A", "1.2")
    assert told["calibration"] == {
        "inputs": told["calibration"]["inputs"], "population": "2026-10-front", "people": 10,
        "unforced": None, "place": 3, "tie_breakers": [], "limit": None, "tie": None, "grade": "B",
        "quotas": [
            {"grade": "A", "share": "20", "quota": 2},
            {"grade": "B", "share": "70", "quota": 7},
            {"grade": "C", "share": "10", "quota": 1},
        ],
        "moves": [
            {"from": "B", "to": "A", "reason": "agreed", "author": "key:key_1",
             "moved_at": "2026-11-09T08:00:00Z"},
        ],
    }  # fmt: skip
    assert cards["p2"].fingerprint == shown["fingerprint"] == told["fingerprint"]
    assert (shown["grade_origin"], shown.keys()) == ("calibration", plain.keys())
    assert (shown["total"], shown["lines"][0]["points"]) == ("97.00", "97")


def test_a_receipt_of_every_calibrated_card_is_recomputed() -> None:
    """Forced, tied, limited, moved, not forced, and of a scheme without grades."""
    gate = {"when": {"item": "a", "below": "91"}, "then": {"fail": True}}
    tied = {**TEN, "p2": "98"}
    for scheme, totals, moves in (
        (stated(), TEN, [moved("p2", "B", "A"), moved("p1", "A", "B", 2)]),
        (stated(gates=[gate]), tied, []),
        (stated({"shares": SHARES, "minimum_population": 11}), TEN, [moved("p9", "A", "C")]),
        (stated({"bands": {"shares": [{"from": "0", "share": "100"}]}}, grades=[]), TEN, []),
    ):
        for card in calibrated(scheme, totals, *moves).values():
            assert check(receipt(card))[1] == []


def test_a_receipt_with_another_grade_than_quotas_gates_and_moves_give_is_found_out() -> None:
    gate = {"when": {"item": "a", "below": "91"}, "then": {"fail": True}}
    card = calibrated(stated(gates=[gate]), TEN)["p9"]

    def differs(where: str, **changed: object) -> bool:
        made = json.loads(json.dumps(receipt(card)))
        made["explanation"]["calibration"] |= changed
        return where in {each.place for each in check(made)[1]}

    assert not differs("/explanation/grade")
    assert differs("/explanation/calibration/grade", grade="A")  # the gate leaves C
    assert differs("/explanation/calibration/limit", limit=None)
    assert differs("/explanation/fingerprint", place=1)
    quotas = [{"grade": "A", "share": "20", "quota": 3}, *SHARES[1:]]
    assert differs(
        "/explanation/calibration/quotas/0/quota",
        quotas=[{**each, "quota": each.get("quota", 1)} for each in quotas],
    )
    made = json.loads(json.dumps(receipt(card)))
    made["card"]["grade_origin"] = "band"
    assert [each.place for each in check(made)[1]] == ["/card/grade_origin"]
    up = {"from": "C", "to": "A", "reason": "x", "author": "y", "moved_at": "z"}
    assert differs("/explanation/calibration/moves/0/to", moves=[up])
    other = {**up, "from": "B", "to": "C"}
    assert differs("/explanation/calibration/moves/0/from", moves=[other])


def test_a_missed_quota_names_what_would_mend_it() -> None:
    scheme = stated()
    _, ranked = ranked_in(scheme, TEN)
    names = names_of(scheme_of(scheme))
    assert list(faults_of_quotas([ranked], (), names, pointer="")) == []
    faults = list(faults_of_quotas([ranked], [moved("p2", "B", "A")], names, pointer="/moves"))
    assert [(fault.code, fault.detail) for fault in faults] == [
        ("quota_not_met", "In 2026-10-front the grades hold A 3 of 2, B 6 of 7, C 1 of 1."),
        ("move_proposed", "sc_p1: employee:p1 from A to B."),
    ]


def test_score_bands_of_the_five_point_scale_bound_the_better_ones_alone() -> None:
    """<= 3.25, 3.5 and >= 3.75: a band reaches from its own start up to the next."""
    shares = [("3.75", "20"), ("3.5", "70"), ("0", "10")]
    bands = {"shares": [{"from": start, "share": share} for start, share in shares]}
    scheme = stated({"bands": bands}, full_mark="5", grades=[])
    parsed = scheme_of(scheme)
    assert parsed.distribution is not None

    def within(*marks: str) -> tuple[tuple[int, ...], bool]:
        totals: dict[str, str | None] = {f"p{at}": mark for at, mark in enumerate(marks)}
        _, ranked = ranked_in(scheme, totals)
        assert ranked.bands is not None
        faults = list(faults_of_bands([ranked], parsed.distribution, pointer=""))  # type: ignore[arg-type]
        assert (faults == []) == ranked.bands.within
        return tuple(ranked.bands.bands.count(at) for at in range(3)), ranked.bands.within

    good = ["4", "3.75", *["3.5"] * 7, "3.25"]
    assert within(*good) == ((2, 7, 1), True)
    assert within("4", "3.75", "3.75", *["3.5"] * 6, "3.25") == ((3, 6, 1), True)  # equal people
    assert within("4", "4", "3.75", *["3.5"] * 6, "3.25") == ((3, 6, 1), False)
    assert within("4", *["3.5"] * 7, "3.25", "3") == ((1, 7, 2), True)
    assert within("4", "3.74", *["3.5"] * 7, "3.49") == ((1, 8, 1), True)


def test_a_grade_without_a_share_has_a_quota_of_nobody() -> None:
    shares: list[Document] = [{"grade": "A", "share": "50"}, {"grade": "B", "share": "50"}]
    told = json.loads(calibrated(stated({"shares": shares}), TEN)["p9"].explanation)
    assert told["calibration"]["quotas"] == [
        {"grade": "A", "share": "50", "quota": 5},
        {"grade": "B", "share": "50", "quota": 5},
        {"grade": "C", "share": "0", "quota": 0},
    ]


def test_bands_that_hold_too_many_are_told_one_by_one() -> None:
    bands: Document = {"shares": [{"from": "95", "share": "20"}, {"from": "0", "share": "80"}]}
    parsed = scheme_of(stated({"shares": SHARES, "bands": bands}))
    _, ranked = ranked_in(stated({"shares": SHARES, "bands": bands}), TEN)
    assert parsed.distribution is not None
    (fault,) = faults_of_bands([ranked], parsed.distribution, pointer="/to")
    assert (fault.pointer, fault.code) == ("/to", "band_quota_exceeded")
    assert fault.detail == ("In 2026-10-front the score bands hold from 95 5 of 2, from 0 5 of 8.")
