"""How the made-up company appraises: people rate, levels are assessed, a rank is calibrated, last
month is published, and a refund that comes too late corrects what was owed.

Each step may be taken again: what was stated before is looked for and not stated twice.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from sandbox import company
from services.cli.client import Client

Advance = Callable[[int], None]

_STAGES = ("draft", "open", "closed", "review", "calibration", "approved", "published")
_ASKED = frozenset({"peer", "member"})
"""Roles in which nobody rates who was not asked."""
_LATE = "迟到退款：发布后退回上月订单 a refund of last month's order after publication"


class Hands:
    """People's own keys, made when they are first needed and revoked in the end."""

    def __init__(self, admin: Client) -> None:
        self._admin = admin
        self._made: dict[tuple[str, str], tuple[str, Client]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for key_id, _ in self._made.values():
            self._admin.delete(f"/v1/keys/{key_id}")

    def of(self, employee: str | None) -> Client:
        """Asks in the name of somebody; of nobody, as the admin."""
        if employee is None:
            return self._admin
        return self._in_role("lead" if company.is_leading(employee) else "employee", employee)

    def second(self) -> Client:
        """Asks as the head of HR what the admin may not do alone."""
        return self._in_role("hr", company.KEY_HOLDERS["hr"])

    def _in_role(self, role: str, employee: str) -> Client:
        if (role, employee) not in self._made:
            # Left by a killed start, a key is worth nothing the next day.
            until = datetime.now(UTC) + timedelta(days=1)
            wanted = {"role": role, "employee": employee, "expires_at": until.isoformat()}
            made = self._admin.post("/v1/keys", wanted)
            self._made[role, employee] = (made["id"], self._admin.with_key(made["key"]))
        return self._made[role, employee][1]


def open_cycles(hr: Client, today: date, advance: Advance) -> None:
    """Set up and open the cycles that are not there."""
    stages = {cycle["code"]: cycle["status"] for cycle in hr.list("/v1/cycles")}
    for cycle in company.cycles(today):
        if cycle["code"] not in stages:
            hr.post("/v1/cycles", cycle)
        if stages.get(cycle["code"], "draft") == "draft":
            hr.post(f"/v1/cycles/{cycle['code']}/moves", {"to": "open", "reason": None})
        advance(1)


def rate(admin: Client, today: date, advance: Advance) -> None:
    """What people state of each other, on the cards that still take it; then levels by month."""
    cards = _live_cards(admin)
    with Hands(admin) as hands:
        _observe(hands, today)
        for card, rows in _by_card(company.ratings(today)).items():
            if card in cards:
                _rate_card(hands, cards[card], rows)
            advance(len(rows))
    for kind, given in (("adjustments", company.points(today)), ("payouts", company.money(today))):
        for row in given:
            card = (str(row["cycle"]), str(row["subject"]))
            if card in cards:
                _adjust(admin, f"/v1/scorecards/{cards[card]}/{kind}", row)
            advance(1)


def count_marks(today: date) -> int:
    """How much people state."""
    return sum(len(rows(today)) for rows in (company.ratings, company.points, company.money))


def publish(admin: Client, today: date, advance: Advance) -> None:
    """Take what is over to the payroll feed; members before their leaders, as they are listed."""
    ended = company.ended_cycles(today)
    with Hands(admin) as hands:
        for cycle in company.cycles(today):
            if cycle["code"] in ended:
                _publish(hands, str(cycle["code"]))
            advance(1)


def correct(admin: Client, today: date) -> None:
    """A refund comes for a month that is published: two of HR accept it, and payroll is told."""
    code = company.late_cycle(today)
    if admin.get(f"/v1/cycles/{code}")["status"] != "published":
        return
    with Hands(admin) as hands:
        for _ in admin.post_facts("refunds", company.late_refunds(today), key=f"demo-{today}-late"):
            for case in admin.list(f"/v1/late-facts?cycle={code}"):
                path = f"/v1/late-facts/{case['id']}/decision"
                for each in (hands.second(), admin):
                    each.post(path, {"decision": "accepted", "reason": _LATE})


def move(
    hr: Client, code: str, goal: str, *, second: Client, approve: Callable[[], None] = lambda: None
) -> None:
    """Take a cycle step by step to a stage; without a distribution there is no calibration.

    Before it leaves review its cards are approved; the last step is the second's.
    """
    path = f"/v1/cycles/{code}"
    stage = hr.get(path)["status"]
    while stage != goal:
        following = _STAGES[_STAGES.index(stage) + 1]
        if following == "calibration" and hr.find(f"{path}/distribution") is None:
            following = "approved"
        if stage == "review":
            approve()
        if stage == "calibration":
            _calibrate(hr, path)
        whose = second if following == "published" else hr
        stage = whose.post(f"{path}/moves", {"to": following, "reason": None})["status"]


def _publish(hands: Hands, code: str) -> None:
    approve = partial(_approve, hands, code)
    move(hands.of(None), code, "published", second=hands.second(), approve=approve)


def _approve(hands: Hands, cycle: str) -> None:
    """Whose turn it is takes the step, until each card has all its approvals."""
    for card in hands.of(None).list(f"/v1/scorecards?cycle={cycle}"):
        path = f"/v1/scorecards/{card['id']}/reviews"
        review = hands.of(None).get(path)
        while review["step"] is not None:
            decision = "submit" if review["step"] == "self" else "approve"
            whose = _whose_turn(hands, review)
            review = whose.post(path, {"decision": decision, "comment": None})


def _whose_turn(hands: Hands, review: Any) -> Client:
    """Of the office the admin's, unless they have taken a step of the card: none takes two."""
    taken = [each["by"] for each in review["trail"] if each["holds"]]
    if review["waits_for"] is None and any(by.startswith("key:") for by in taken):
        return hands.second()
    return hands.of(review["waits_for"])


def _calibrate(hr: Client, path: str) -> None:
    """The last who has the best grade and the first who has not change places, with reasons."""
    found = hr.get(f"{path}/distribution")
    population = found["populations"][0]
    if found["moves"] or not population["forced"] or population["people"] < 10:
        return
    people = sorted(found["people"], key=lambda each: (each["place"], each["subject"]))
    best, second = (grade["grade"] for grade in population["grades"][:2])
    last = [each for each in people if each["after"] == best][-1:]
    first = [each for each in people if each["after"] == second and each["limit"] is None][:1]
    if last and first:
        moves = (
            (last[0], second, "带教期由同事代答，成绩含他人贡献 colleagues answered for them"),
            (first[0], best, "独立处理双十一大客户询单 took the large accounts alone"),
        )
        stated = [
            {"scorecard": each["scorecard"], "grade": grade, "reason": reason}
            for each, grade, reason in moves
        ]
        hr.post(f"{path}/calibration", {"moves": stated})


def _observe(hands: Hands, today: date) -> None:
    """What the leader saw, and the levels that come of it; once a month."""
    ladder, month, leader = company.levels_wanted(today)
    path, admin = f"/v1/ladders/{ladder}", hands.of(None)
    if not admin.list(f"{path}/observations?month={month}"):
        hands.of(leader).post(f"{path}/observations", company.observations(today))
    if not admin.list(f"{path}/assessments?month={month}"):
        admin.post(f"{path}/assessments", {"month": month})


def _by_card(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["cycle"], row["subject"]), []).append(row)
    return found


def _live_cards(admin: Client) -> dict[tuple[str, str], str]:
    """The cards that take marks, by cycle and subject."""
    live = {cycle["code"] for cycle in admin.list("/v1/cycles") if cycle["status"] == "open"}
    return {
        (card["cycle"], card["subject"]): card["id"]
        for card in admin.list("/v1/scorecards")
        if card["cycle"] in live
    }


def _rate_card(hands: Hands, card: str, rows: Iterable[Mapping[str, Any]]) -> None:
    path = f"/v1/scorecards/{card}"
    admin = hands.of(None)
    told = admin.get(f"{path}/ratings")["items"]
    stated = {(each["item"], each["role"], each["rater"]) for each in told}
    for row in rows:
        rating, by = row["rating"], row["by"]
        if (rating["item"], rating["role"], by or rating["rater"]) in stated:
            continue
        if rating["role"] in _ASKED:
            admin.post(f"{path}/raters", {"role": rating["role"], "employee": by})
        hands.of(by).post(f"{path}/ratings", rating)


def _adjust(admin: Client, path: str, row: Mapping[str, Any]) -> None:
    if not admin.get(path)["items"]:
        admin.post(path, {name: row[name] for name in row.keys() - {"cycle", "subject"}})
