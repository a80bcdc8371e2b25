"""The result of a back-test as it is kept and served; `docs/back-tests.md` is for who reads it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from services.api.core.back_test_items import CliffTally, ItemTallies, ItemTally
from services.api.core.back_tests import Direction, Move, Moves, Tally
from services.api.core.calibrations import Ranked
from services.api.core.cliffs import NEAR_PERCENT
from services.api.core.documents import plain_or_null
from services.api.core.gates import best_first
from services.schema.money import (
    TOTAL_PLACES,
    VALUE_PLACES,
    fixed,
    minor_places,
    plain,
    round_half_up,
)
from services.schema.shapes.back_tests import PlanPaid, Whom
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.schemes import Scheme, Steps

BINS = 20
"""Of the histogram up to the full mark; above it they go on, and the last has no end."""
MOST_BINS = 2 * BINS
QUANTILES = tuple(Decimal(percent) for percent in (10, 25, 50, 75, 90))
EDGE_PERCENT = Decimal(1)
"""Of the full mark: how far short of a grade a total is near it."""

Document = dict[str, object]


def figures_document(tally: Tally) -> Document:
    """Everything that is told of a period, or of all together."""
    return {
        "scorecards": tally.cards,
        "complete": tally.complete,
        "incomplete": tally.cards - tally.complete,
        "incomplete_share": _share(tally.cards - tally.complete, tally.cards),
        "totals": _totals(tally),
        "grades": _grades(tally),
        "pay": _pay(tally),
        "moves": _moves(tally.moves, tally.currency),
        "cliffs": _cliffs(tally.items),
        "items": [_item(each) for each in tally.items],
        "nobody_reached": [each.item.code for each in tally.items if each.nobody_reached],
        "everybody_reached": [each.item.code for each in tally.items if each.everybody_reached],
        "without_data": [each.item.code for each in tally.items if each.no_data],
    }


def whom_document(whom: Whom, cycles: Sequence[Cycle]) -> Document:
    """Whom a period was tried on, and by which cycles that is known."""
    named = whom in {Whom.CYCLES, Whom.NEWEST_CYCLE}
    return {"from": whom, "cycles": [cycle.code for cycle in cycles] if named else []}


def quotas_document(ranks: Sequence[Ranked], scheme: Scheme) -> list[Document]:
    """The populations whose grades a draft's quotas would give, or why they would not."""
    names = [grade.grade for grade in best_first(scheme.grades)]
    return [
        {
            "population": ranked.population.code,
            "people": len(ranked.people),
            "unforced": ranked.unforced,
            "ties": len(ranked.ties),
            "grades": [
                {
                    "grade": name,
                    "quota": None if ranked.unforced is not None else ranked.quotas[at],
                    "before": ranked.before.count(at),
                    "scorecards": ranked.grades.count(at),
                }
                for at, name in enumerate(names)
            ],
        }
        for ranked in ranks
    ]


def _totals(tally: Tally) -> Document:
    """Quantiles are totals that somebody has: the least that so many do not exceed."""
    ordered = sorted(tally.totals.items())
    mean = None
    if ordered:
        whole = sum((Fraction(total) * count for total, count in ordered), Fraction(0))
        mean = fixed(round_half_up(whole / tally.complete, TOTAL_PLACES), TOTAL_PLACES)
    return {
        "mean": mean,
        "lowest": fixed(ordered[0][0], TOTAL_PLACES) if ordered else None,
        "quantiles": [
            {"percent": plain(percent), "total": _quantile(ordered, percent, tally.complete)}
            for percent in QUANTILES
        ],
        "highest": fixed(ordered[-1][0], TOTAL_PLACES) if ordered else None,
        "histogram": _histogram(tally),
    }


def _quantile(
    ordered: Sequence[tuple[Decimal, int]], percent: Decimal, complete: int
) -> str | None:
    place = ceil(Fraction(percent) * complete / 100)
    for total, count in ordered:
        place -= count
        if place <= 0:
            return fixed(total, TOTAL_PLACES)
    return None


def _histogram(tally: Tally) -> list[Document]:
    """From 0 to the last bin that holds anybody; `before` are the totals on the same scale."""
    full = Fraction(tally.scheme.full_mark)
    now, before = [0] * MOST_BINS, [0] * MOST_BINS
    for total, count in tally.totals.items():
        now[_bin(Fraction(total) / full)] += count
    for share, count in tally.shares_before.items():
        before[_bin(share)] += count
    last = max((place for place in range(MOST_BINS) if now[place] or before[place]), default=-1)
    return [
        {
            "from": _plain_fraction(full * place / BINS),
            "below": None if place == MOST_BINS - 1 else _plain_fraction(full * (place + 1) / BINS),
            "scorecards": now[place],
            "before": before[place],
        }
        for place in range(last + 1)
    ]


def _bin(share: Fraction) -> int:
    return min(MOST_BINS - 1, int(share * BINS))


def _plain_fraction(exact: Fraction) -> str:
    """A twentieth of a full mark of 4 decimals has 6 at most."""
    return plain(round_half_up(exact, VALUE_PLACES))


def _grades(tally: Tally) -> list[Document]:
    """Best first; then the grades before that the draft does not know."""
    bands = sorted(tally.scheme.grades, key=lambda grade: -grade.start)
    known = [grade.grade for grade in bands]
    near = Fraction(EDGE_PERCENT) * Fraction(tally.scheme.full_mark) / 100
    rows: list[Document] = [
        {
            "grade": grade.grade,
            "from": plain(grade.start),
            "scorecards": tally.grades[grade.grade],
            "share": _share(tally.grades[grade.grade], tally.complete),
            "before": tally.grades_before[grade.grade],
            "just_below": sum(
                count
                for total, count in tally.totals.items()
                if 0 < Fraction(grade.start) - Fraction(total) <= near
            ),
        }
        for grade in bands
    ]
    rows += [
        {
            "grade": grade,
            "from": None,
            "scorecards": 0,
            "share": "0",
            "before": tally.grades_before[grade],
            "just_below": 0,
        }
        for grade in sorted(tally.grades_before.keys() - set(known))
    ]
    return rows


def _pay(tally: Tally) -> Document:
    keys = sorted(
        tally.draft_pay.keys() | tally.paid.keys(), key=lambda key: (key[0] or "", key[1])
    )
    home = tally.currency
    draft, paid = _sum(tally.draft_pay, home), _sum(tally.paid, home)
    return {
        "currency": home,
        "draft": _money(draft, home),
        "paid": _money(paid, home),
        "difference": _money(draft - paid, home),
        "plans": [_plan(tally, key) for key in keys],
        "people": tally.people,
        "people_priced": tally.priced,
        "people_paid": tally.paid_people,
        "unpriced": [
            {"code": code, "people": count} for code, count in sorted(tally.unpriced.items())
        ],
    }


def _plan(tally: Tally, key: PlanPaid) -> Document:
    plan, currency = key
    draft = tally.draft_pay.get(key, Decimal(0))
    paid = tally.paid.get(key, Decimal(0))
    return {
        "plan": plan,
        "currency": currency,
        "draft": _money(draft, currency),
        "paid": _money(paid, currency),
        "difference": _money(draft - paid, currency),
    }


def _sum(sums: Mapping[PlanPaid, Decimal], currency: str) -> Decimal:
    return sum((amount for (_, of), amount in sums.items() if of == currency), Decimal(0))


def _moves(moves: Moves, currency: str) -> Document:
    winners = sorted(moves.best, key=lambda move: (-move.pay, -move.share, move.subject))
    losers = sorted(
        (move for _, _, move in moves.worst), key=lambda move: (move.pay, move.share, move.subject)
    )
    return {
        "compared": moves.compared,
        "without_card": moves.without,
        "totals": _direction(moves.totals),
        "grades": _direction(moves.grades),
        "pay": {
            **_direction(moves.pay),
            "gained": _money(moves.gained, currency),
            "lost": _money(moves.lost, currency),
        },
        "winners": moves.winners,
        "losers": moves.losers,
        "winners_named": [_move(move, currency) for move in winners],
        "losers_named": [_move(move, currency) for move in losers],
    }


def _direction(direction: Direction) -> Document:
    return {
        "up": direction.up,
        "down": direction.down,
        "same": direction.same,
        "unknown": direction.unknown,
    }


def _move(move: Move, currency: str) -> Document:
    total_before, total = move.totals
    grade_before, grade = move.grades
    before, now = move.pays or (None, None)
    return {
        "subject": move.subject,
        "period": move.period,
        "cycle": move.cycle,
        "total_before": None if total_before is None else fixed(total_before, TOTAL_PLACES),
        "total": None if total is None else fixed(total, TOTAL_PLACES),
        "grade_before": grade_before,
        "grade": grade,
        "pay_before": None if before is None else _money(before, currency),
        "pay": None if now is None else _money(now, currency),
        "difference": None if move.pays is None else _money(move.pay, currency),
    }


def _cliffs(items: ItemTallies) -> list[Document]:
    """Those that somebody stands just short of, the most people first."""
    found = [cliff for each in items for cliff in each.cliffs if cliff.near]
    return [
        _cliff(each)
        for each in sorted(found, key=lambda each: (-each.near.total(), -(each.most_gain or 0)))
    ]


def _cliff(cliff: CliffTally) -> Document:
    edge = cliff.edge
    return {
        "section": edge.section,
        "item": edge.item,
        "of": edge.of,
        "level": edge.level,
        "at": plain(edge.at),
        "reached_from": "below" if edge.upward else "above",
        "within": [] if edge.by_one else [_within(cliff, percent) for percent in NEAR_PERCENT],
        "one_more": cliff.near[None] if edge.by_one else None,
        "least_gain": plain_or_null(cliff.least_gain),
        "most_gain": plain_or_null(cliff.most_gain),
    }


def _within(cliff: CliffTally, percent: Decimal) -> Document:
    counts = cliff.near.items()
    near = sum(count for least, count in counts if least is not None and least <= percent)
    return {"percent": plain(percent), "scorecards": near}


def _item(tally: ItemTally) -> Document:
    rule = tally.item.rule
    names: list[str] = []
    if isinstance(rule, Steps):
        names = [*(f"step {number}" for number, _ in enumerate(rule.steps, 1)), "no step"]
    return {
        "section": tally.section,
        "item": tally.item.code,
        "indicator": tally.item.indicator,
        "lines": tally.lines,
        "no_data": tally.no_data,
        "no_target": tally.no_target,
        "scored": tally.scored,
        "full_mark_reached": tally.full,
        "held_against_target": tally.held_against,
        "target_reached": tally.reached,
        "steps": [{"step": name, "lines": tally.steps[name]} for name in names],
    }


def _money(amount: Decimal, currency: str) -> str:
    return fixed(amount, minor_places(currency))


def _share(part: int, whole: int) -> str:
    """A fraction at 6 decimals; of nothing it is 0."""
    return plain(round_half_up(Fraction(part, whole), VALUE_PLACES)) if whole else "0"
