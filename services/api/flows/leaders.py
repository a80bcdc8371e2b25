"""Leaders are paid by what their members earned: members first, and leaders again with them."""

from collections.abc import Collection, Mapping, Sequence

from services.api.core.frozen import read_score
from services.api.core.pay_bases import read_basis
from services.api.core.payouts import correction, inputs_document, leader_payouts
from services.api.flows.entries import Line
from services.api.flows.schemes import scheme_of
from services.api.store.cycles import read_cycles_inside, read_published_around
from services.api.store.payouts import Stated, read_business_pay, read_stated
from services.api.store.schemes import read_versions
from services.api.store.scorecards import read_cards_of_cycle
from services.schema.db import ReadSession
from services.schema.errors import Conflict, Fault
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.pay_plans import Commission, LeaderMean
from services.schema.shapes.payouts import MemberPay, Owed
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus, SubjectKind


async def read_members_pay(
    session: ReadSession, cycle: Cycle, members: Collection[str]
) -> list[MemberPay]:
    """What members earned in other cycles inside the period, as payroll has heard it.

    Refuses while one of these has results to come: a leader is paid after the members.
    """
    if not members:
        return []
    people = {Subject(SubjectKind.EMPLOYEE, code) for code in members}
    holding = await read_cycles_inside(session, cycle, people)
    schemes = await _schemes_of(session, holding)
    paying = [each for each in holding if _has(schemes[each.code], Commission)]
    open_ones = [each.code for each in paying if each.status is not CycleStatus.PUBLISHED]
    if open_ones:
        detail = (
            f"Leaders of {cycle.code} are paid by what their members earn: publish "
            f"{', '.join(open_ones)} first."
        )
        faults = [
            Fault(f"/cycles/{code}", "members_unpublished", f"{code} is not published.")
            for code in open_ones
        ]
        raise Conflict("members_unpublished", detail, faults)
    return await read_business_pay(session, cycle.period, members, without=cycle.code)


async def lines_of_leaders(
    session: ReadSession, cycle: Cycle, earners: Collection[str], *, reason: str
) -> list[Line]:
    """What changes for leaders, published already, whose members' pay was just stated anew.

    A leader whose cycle is open again is computed as that is published.
    """
    lines: list[Line] = []
    if not earners:
        return lines
    around = await read_published_around(session, cycle)
    schemes = await _schemes_of(session, around)
    for other in around:
        if _has(schemes[other.code], LeaderMean):
            lines += await _lines_of_cycle(session, other, schemes[other.code], earners, reason)
    return lines


async def _lines_of_cycle(
    session: ReadSession, cycle: Cycle, scheme: Scheme, earners: Collection[str], reason: str
) -> list[Line]:
    cards = await read_cards_of_cycle(session, cycle.code, cycle.revision)
    members = {card.id: _members_of(card) for card in cards}
    concerned = [card for card in cards if not members[card.id].isdisjoint(earners)]
    if not concerned:
        return []
    stated = await read_stated(session, cycle.code)
    everyone = {code for card in concerned for code in members[card.id]}
    earned = await read_business_pay(session, cycle.period, everyone, without=None)
    return [
        line
        for card in concerned
        for line in _lines_of_card(
            card,
            cycle,
            scheme,
            [each for each in earned if each.employee in members[card.id]],
            stated.get(card.subject.code, {}),
            reason,
        )
    ]


def _lines_of_card(
    card: Scorecard,
    cycle: Cycle,
    scheme: Scheme,
    members: Sequence[MemberPay],
    stated: Mapping[int, Stated],
    reason: str,
) -> list[Line]:
    """A correction for each of a leader's plans that comes to another amount now."""
    score = read_score(card.document)
    assert score.total is not None, "an incomplete card is not published"
    lines = []
    for number, before in sorted(stated.items()):
        payouts = leader_payouts(scheme, score, members, currency=before.currency)
        if number not in payouts:
            continue
        payout = payouts[number]
        amount = correction(payout.amount, before.amounts)
        if not amount:
            continue
        lines.append(
            Line(
                employee=card.subject.code,
                cycle=cycle.code,
                period=cycle.period.code,
                owed=Owed(number, payout.plan, amount, payout.currency),
                corrects=before.original,
                result=before.result,
                place=before.next_place,
                grade=score.grade,
                total=score.total,
                fingerprint=card.fingerprint,
                inputs=inputs_document(payout),
                reason=reason,
            )
        )
    return lines


async def _schemes_of(session: ReadSession, cycles: Collection[Cycle]) -> dict[str, Scheme]:
    """The version that scores each cycle, by the cycle's code."""
    wanted = {
        (each.scheme, each.scheme_version) for each in cycles if each.scheme_version is not None
    }
    versions = await read_versions(session, wanted)
    read = {key: scheme_of(version.document) for key, version in versions.items()}
    return {
        each.code: read[each.scheme, each.scheme_version]
        for each in cycles
        if each.scheme_version is not None
    }


def _members_of(card: Scorecard) -> frozenset[str]:
    assert card.bases is not None, "the bases of pay were frozen as data closed"
    return frozenset(read_basis(card.bases).members)


def _has(scheme: Scheme, kind: type[Commission | LeaderMean]) -> bool:
    return any(isinstance(plan, kind) for plan in scheme.pay)
