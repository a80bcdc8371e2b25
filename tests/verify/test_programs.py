"""`kaohe verify`: what it says of a good receipt, of each way to falsify one, and of no receipt."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from services.cli.commands import app
from services.door.signing_keys import key_id, key_text, signing_keys_of
from services.verify.programs import AGREES, DIFFERS, UNREADABLE, check, verify
from tests.api.core.scoring import RATIO, document, given, item, section, segment_input
from tests.verify.receipts import (
    KEYS,
    Json,
    another,
    changed,
    leaves,
    random_receipt,
    receipt_by,
    saved,
    signed,
)

STATED = document(
    section("sales", "60", item("sales", "70", RATIO), item("orders", "30", missing="zero")),
    section("conduct", "40", item("faults", "100", {"kind": "deduct", "per_occurrence": "5"})),
    gates=[{"when": {"section": "conduct", "below": "90"}, "then": {"cap": "95"}}],
    adjustments={"minimum": "-10", "maximum": "10"},
)
INPUTS = {"sales": given("1500.5", budget="1234"), "orders": None, "faults": "3"}


@pytest.fixture
def receipt() -> Json:
    return signed(receipt_by([segment_input(STATED, INPUTS)]))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    public = KEYS.public[0]
    listed = [{"id": key_id(public), "public_key": key_text(public), "current": True}]
    return saved(tmp_path, {"items": listed, "total": 1}, "keys.json")


def test_a_good_receipt_is_told_line_by_line(
    receipt: Json, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(saved(tmp_path, receipt), keys) == AGREES
    name = key_id(KEYS.public[0])
    assert capsys.readouterr().out.splitlines() == [
        "sc_1: employee:e-1 in 2026-10-front, revision 1",
        "",
        "2026-10-01 to 2026-11-01 (exclusive), 31 days: scheme front, version 1",
        "item     value  target  attainment  score  weight %  points",
        "sales   1500.5    1234    1.215964    120        42    50.4  ok",
        "orders       -       -           -      0        18       0  ok",
        "faults       3       -           -     85        40      34  ok",
        "points 84.40, total of the segment 84.40",
        "",
        "mean 84.40, adjustments 0",
        "total 84.40 recomputed, 84.40 stated",
        "grade B recomputed, B stated",
        f"signature ({name}) good: signed by a key of the list that was given",
        "every figure agrees",
    ]


def test_without_a_list_of_keys_the_signature_is_only_intact(
    receipt: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(saved(tmp_path, receipt), None) == AGREES
    assert "whose key it is was not checked" in capsys.readouterr().out


def test_a_key_that_is_not_in_the_list_is_refused(
    receipt: Json, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever makes a key of their own can sign what they like."""
    forged = signed(receipt["receipt"], signing_keys_of(b"a forger's secret, as long as ours is"))
    assert verify(saved(tmp_path, forged), keys) == DIFFERS
    assert "not in the list" in capsys.readouterr().out


def test_whatever_is_changed_breaks_the_signature(
    receipt: Json, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each value of the receipt and of its signature, one at a time."""
    places = list(leaves(receipt))
    assert len(places) > 150
    for place, value in places:
        path = saved(tmp_path, changed(receipt, place, another(value)))
        assert verify(path, keys) in {DIFFERS, UNREADABLE}, place
    capsys.readouterr()


# What no figure is computed from, and terms of the scheme that may hold here or there without any
# difference to this card: only the signature speaks for them.
SPOKEN_FOR = {
    "records", "links", "fx", "measure", "filters", "formula", "scope", "status", "computed_at",
    "coverage", "provisional", "rank", "result", "reason", "author", "scorecard", "id", "revision",
    "position", "unit", "format", "rule", "missing", "stated_weight", "full_mark", "gates",
    "grades", "bounds",
}  # fmt: skip


def test_each_figure_that_is_changed_is_found_by_recomputing_too(receipt: Json) -> None:
    """Whoever can sign a forgery is found by arithmetic, as far as arithmetic can tell."""
    body = receipt["receipt"]
    assert check(body)[1] == []
    missed = set()
    for place, value in leaves(body):
        try:
            differs = bool(check(changed(body, place, another(value)))[1])
        except (ValueError, KeyError, IndexError, TypeError):
            differs = True
        if not differs:
            missed.add(place)
    assert {place for place in missed if SPOKEN_FOR.isdisjoint(map(str, place))} == set()


@pytest.mark.parametrize("seed", range(4))
def test_requirement_28_it_agrees_on_2_000_random_cards(seed: int) -> None:
    """In four parts, so that workers can share them."""
    chance = Random(seed)
    for _ in range(500):
        found, differences = check(random_receipt(chance))
        assert differences == [], found


@pytest.mark.parametrize(
    ("named", "of_first", "grade"),
    [("B", "SAB", "B"), ("S", "SAB", "A"), ("T", "SAT", "C"), ("D", "SABCD", "C")],
)
def test_a_gate_of_an_earlier_segment_names_a_grade_of_its_own_scheme(
    named: str, of_first: str, grade: str
) -> None:
    """By its name, else by its place from the top, and no lower than the lowest."""
    grades = [
        {"grade": each, "from": str(90 - 10 * at), "coefficient": "1"}
        for at, each in enumerate(of_first)
    ]
    gates = [{"when": {"item": "sales", "at_most": "100"}, "then": {"grade": named}}]
    line = section("all", "100", item("sales", "100", RATIO))
    earlier = document(line, gates=gates, grades=grades)
    best = given("100", budget="100")
    first = segment_input(earlier, {"sales": best}, days=10)
    last = segment_input(document(line), {"sales": best}, days=21, after=10)
    receipt = receipt_by([first, last])
    found, differences = check(receipt)
    assert (differences, found["grade"]) == ([], grade)


def test_a_wrong_figure_is_named_with_both(
    receipt: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("receipt", "explanation", "segments", 0, "lines", 0, "points")
    assert verify(saved(tmp_path, changed(receipt, place, "50.5")), None) == DIFFERS
    said = capsys.readouterr().out.splitlines()
    assert "sales   1500.5    1234    1.215964    120        42    50.4  DIFFERS" in said
    assert said[-1] == ("DIFFERS /explanation/segments/0/lines/0/points: 50.5 stated, 50.4 found")
    assert any(line.endswith("BROKEN: the receipt is not what was signed") for line in said)


def test_a_receipt_that_nobody_signed_does_not_hold(
    receipt: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsigned = {"receipt": receipt["receipt"], "signature": None}
    assert verify(saved(tmp_path, unsigned), None) == DIFFERS
    assert "MISSING" in capsys.readouterr().out


NO_RECEIPTS = [
    "",
    "[]",
    "{}",
    '{"receipt": []}',
    '{"receipt": {"format": "kaohe-receipt/2"}}',
    '{"receipt": {"format": "kaohe-receipt/1"}}',
    '{"receipt": {"format": "kaohe-receipt/1", "card": {}, "explanation": {}}}',
    '{"receipt": {"format": "kaohe-receipt/1", "total": 1.5}}',
    '{"receipt": {"format": "kaohe-receipt/1", "total": NaN}}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", NO_RECEIPTS)
def test_what_is_no_receipt_is_said_to_be_none(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    assert verify(path, None) == UNREADABLE
    assert capsys.readouterr().err.startswith("kaohe verify: ")


def test_a_file_that_is_not_there_and_a_list_that_is_none(
    receipt: Json, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(tmp_path / "absent.json", None) == UNREADABLE
    path = saved(tmp_path, receipt)
    assert verify(path, saved(tmp_path, {"items": [{}]}, "keys.json")) == UNREADABLE
    assert verify(path, tmp_path / "absent.json") == UNREADABLE
    assert "is no list of keys" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["services.verify", "services.cli"])
def test_it_runs_as_a_program_of_its_own(module: str, receipt: Json, tmp_path: Path) -> None:
    path = saved(tmp_path, receipt)
    command = [sys.executable, "-m", module, *(["verify"] if module.endswith("cli") else [])]
    for stated, code in ((receipt, AGREES), ({**receipt, "signature": None}, DIFFERS)):
        path.write_text(json.dumps(stated))
        run = subprocess.run([*command, str(path)], capture_output=True, check=False, timeout=60)
        assert (run.returncode, b"total 84.40" in run.stdout) == (code, True), run.stderr


def test_nothing_of_the_scoring_room_is_loaded(receipt: Json, tmp_path: Path) -> None:
    """Offline, without a database, and by code that shares nothing with what scored the card."""
    path = saved(tmp_path, receipt)
    program = (
        "import sys; from services.verify.programs import run; code = run(sys.argv[1:]); "
        "print([name for name in sys.modules if name.startswith('services.')]); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, str(path)]
    run = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True)
    loaded = run.stdout.splitlines()[-1]
    assert "services.verify.cards" in loaded
    assert "services.api" not in loaded
    assert "services.schema" not in loaded


def test_the_command_line_knows_it() -> None:
    assert "verify" in {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
