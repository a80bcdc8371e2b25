"""The demo's cycles go through their stages; its secrets are its owner's alone, written whole."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from services.cli.appraisals import Hands, _approve, move
from services.cli.client import Client
from services.cli.demo import write_private


def test_a_private_file_is_its_owners_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "var" / "keys.json"
    write_private(file, "one")
    (file.parent / ".keys.json.new").write_text("left by a killed start")
    write_private(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


class Cycle:
    """A cycle that answers as the api does, with a distribution or without one."""

    def __init__(self, distribution: Any) -> None:
        self._distribution = distribution
        self.stages = ["draft"]
        self.moved: list[Any] = []

    def get(self, path: str) -> Any:
        return self._distribution if path.endswith("/distribution") else self._stated()

    def find(self, path: str) -> Any:
        assert path == "/v1/cycles/jan/distribution"
        return self._distribution

    def post(self, path: str, body: dict[str, Any]) -> dict[str, str]:
        if path.endswith("/calibration"):
            self.moved += body["moves"]
        else:
            self.stages.append(body["to"])
        return self._stated()

    def _stated(self) -> dict[str, str]:
        return {"status": self.stages[-1]}


class Other:
    """Asks of the same cycle as somebody else; what they have moved it to is noted."""

    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self.stages: list[str] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, str]:
        self.stages.append(body["to"])
        return self._cycle.post(path, body)


def move_by_two(cycle: Cycle, goal: str, *, approve: Callable[[], None] = lambda: None) -> Other:
    other = Other(cycle)
    hr, second = cast("Client", cycle), cast("Client", other)
    move(hr, "jan", goal, second=second, approve=approve)
    return other


def distribution(people: int, *, moves: int = 0) -> dict[str, Any]:
    """A fifth of people have the best grade."""
    return {
        "populations": [
            {"people": people, "forced": True, "grades": [{"grade": "A"}, {"grade": "B"}]}
        ],
        "people": [
            {
                "scorecard": f"sc_{place}",
                "subject": f"employee:e-{place}",
                "place": place,
                "after": "A" if place <= people // 5 else "B",
                "limit": None,
            }
            for place in range(1, people + 1)
        ],
        "moves": [{}] * moves,
    }


@pytest.mark.parametrize("forced", [True, False])
def test_a_cycle_is_calibrated_where_its_scheme_has_a_distribution(forced: bool) -> None:  # noqa: FBT001  a column of the table
    cycle = Cycle(distribution(2) if forced else None)
    other = move_by_two(cycle, "published")
    calibration = ["calibration"] if forced else []
    assert cycle.stages == [
        "draft", "open", "closed", "review", *calibration, "approved", "published",
    ]  # fmt: skip
    assert other.stages == ["published"]


def test_who_is_last_of_the_best_changes_places_with_the_next() -> None:
    cycle = Cycle(distribution(10))
    assert move_by_two(cycle, "approved").stages == []
    assert [(each["scorecard"], each["grade"]) for each in cycle.moved] == [
        ("sc_2", "B"),
        ("sc_3", "A"),
    ]
    assert all(each["reason"] for each in cycle.moved)


@pytest.mark.parametrize("kept", [distribution(9), distribution(10, moves=2)])
def test_few_people_are_left_as_they_rank_and_nobody_is_moved_twice(kept: dict[str, Any]) -> None:
    cycle = Cycle(kept)
    move_by_two(cycle, "published")
    assert cycle.moved == []
    assert cycle.stages[-1] == "published"


class Reviewed:
    """A card that waits for one after the other; whoever asks is noted."""

    def __init__(self, *waiting: tuple[str, str | None]) -> None:
        self.waiting = [*waiting]
        self.trail: list[dict[str, Any]] = []
        self.steps: list[tuple[str | None, str]] = []
        self.asked: str | None = None

    def of(self, employee: str | None) -> "Reviewed":
        self.asked = employee
        return self

    def second(self) -> "Reviewed":
        return self.of("second")

    def list(self, path: str) -> list[dict[str, str]]:
        assert path == "/v1/scorecards?cycle=q4"
        return [{"id": "sc_1"}]

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/v1/scorecards/sc_1/reviews"
        step, whose = self.waiting[0] if self.waiting else (None, None)
        return {"step": step, "waits_for": whose, "trail": self.trail}

    def post(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        self.steps.append((self.asked, body["decision"]))
        self.trail.append({"by": self.asked or "key:admin", "holds": True})
        del self.waiting[0]
        return self.get(path)


def test_a_card_is_approved_by_whose_turn_it_is_before_it_leaves_review() -> None:
    card, cycle = Reviewed(("self", "e-1"), ("second_level", "e-9"), ("hr", None)), Cycle(None)
    move_by_two(cycle, "approved", approve=lambda: _approve(cast("Hands", card), "q4"))
    assert card.steps == [("e-1", "submit"), ("e-9", "approve"), (None, "approve")]
    assert cycle.stages[-2:] == ["review", "approved"]


def test_where_the_admin_stood_in_for_somebody_the_head_of_hr_takes_hrs_step() -> None:
    card = Reviewed(("manager", None), ("hr", None))
    card.trail.append({"by": "key:admin", "holds": False})
    _approve(cast("Hands", card), "q4")
    assert card.steps == [(None, "approve"), ("second", "approve")]
