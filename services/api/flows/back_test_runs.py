"""Back-tests: a draft is tried on whole past periods, and nothing is written but its job.

One transaction that may only read sees the company at one moment from the first card to the last.
Cards come in slices, and their arithmetic is done off the loop: others are answered meanwhile.
Of each no more is held than grades and pay ask for, which wait until all of the period were tried.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from services.api.core.back_test_documents import (
    figures_document,
    quotas_document,
    whom_document,
)
from services.api.core.back_test_grades import Held, force_grades, is_forced, limit_of
from services.api.core.back_test_pay import Pricing
from services.api.core.back_tests import Tally
from services.api.core.calibrations import Ranked
from services.api.core.candidates import tie_breakers_wanted
from services.api.core.cards import (
    CardPlan,
    Setting,
    inputs_of,
    new_card,
    plan_card,
    subjects_of,
    wanted_by,
)
from services.api.core.stated_values import with_values
from services.api.core.targets import SetTargets
from services.api.flows.card_values import read_card_values
from services.api.flows.payouts import read_bases
from services.api.flows.rescoring import read_stated
from services.api.flows.schemes import scheme_of
from services.api.flows.scorecards import read_setting, read_targets_of
from services.api.store.back_tests import read_cycles_of_scheme, read_paid, read_past_cards
from services.api.store.pay_adjustments import read_pay_adjustments
from services.api.store.payouts import read_business_pay
from services.api.store.people import read_tenant
from services.api.store.schemes import read_versions
from services.schema.days import Period, parse_period
from services.schema.db import ReadSession
from services.schema.money import VALUE_PLACES, plain, round_half_up
from services.schema.shapes.back_tests import (
    DRAFT_VERSION,
    BackTest,
    Before,
    PastCard,
    PlanPaid,
    Tried,
    Whom,
)
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.payouts import MemberPay, PayAdjustment, PayBasis
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Adjustment, Score, SegmentInput
from services.schema.words import CycleStatus, SubjectKind

AT_ONCE = 500
"""Cards tried together: enough for few statements, few enough for a modest ledger."""

Report = Callable[[Decimal], Awaitable[None]]
"""Hears how far it is, from 0 to 1."""
ScoreAll = Callable[[Sequence[Sequence[SegmentInput]], Sequence[Sequence[Adjustment]]], list[Score]]


@dataclass(slots=True)
class _Past:
    """What a period came to: cards, what was paid, and what was stated in money by hand."""

    cards: Mapping[Subject, PastCard]
    schemes: Mapping[tuple[str, int], Scheme]
    paid: Mapping[tuple[str, str], Mapping[PlanPaid, Decimal]]
    stated: Mapping[str, Mapping[str, Sequence[PayAdjustment]]]
    """By cycle and employee."""

    def of(self, subject: Subject) -> Before | None:
        card = self.cards.get(subject)
        if card is None:
            return None
        scheme = self.schemes[card.scheme, card.scheme_version]
        return Before(
            cycle=card.cycle,
            total=card.total,
            full_mark=scheme.full_mark,
            grade=card.grade,
            grades=tuple(
                each.grade for each in sorted(scheme.grades, key=lambda each: -each.start)
            ),
            paid=self.paid.get((card.cycle, subject.code)),
        )

    def stated_of(self, subject: Subject) -> Sequence[PayAdjustment]:
        card = self.cards.get(subject)
        return () if card is None else self.stated.get(card.cycle, {}).get(subject.code, ())


@dataclass(slots=True)
class _Trial:
    """One period under the draft, while it is tried."""

    setting: Setting
    past: _Past
    tallies: tuple[Tally, ...]
    pricing: Pricing
    score_all: ScoreAll
    held: list[Held]
    """Everybody tried: grades wait for all of a population, pay of leaders for their members'."""


async def run_back_test(
    session: ReadSession,
    asked: BackTest,
    report: Report,
    *,
    at: datetime,
    score_all: ScoreAll | None = None,
) -> dict[str, object]:
    """Try a draft on its periods; gives the document of the result."""
    scheme = scheme_of(asked.document)
    tenant = await read_tenant(session)
    whole = Tally(scheme, tenant.currency)
    periods: list[dict[str, object]] = []
    for number, code in enumerate(asked.periods):
        period = parse_period(code, tenant.calendar)
        whom, cycles = await tried_cycles(session, asked, period, timezone=tenant.timezone)
        own = Tally(scheme, tenant.currency)
        setting = await _setting_of(session, asked, cycles, scheme)
        trial = _Trial(
            setting=setting,
            past=await _read_past(session, asked, period),
            tallies=(own, whole),
            pricing=Pricing(scheme, tenant.currency),
            score_all=score_all or _in_columns,
            held=[],
        )

        async def report_part(part: Fraction, before: int = number) -> None:
            done = (before + part) / len(asked.periods)
            await report(round_half_up(done, VALUE_PLACES))

        ranks = await _try_period(session, trial, cycles, report_part, at=at)
        figures = await asyncio.to_thread(figures_document, own)
        periods.append(
            {
                "period": code,
                "population": whom_document(whom, cycles),
                "quotas": quotas_document(ranks, scheme),
                **figures,
            }
        )
    return {
        "scheme": asked.scheme,
        "full_mark": plain(scheme.full_mark),
        "currency": tenant.currency,
        "grades_by": "distribution" if is_forced(scheme) else "bands",
        "periods": periods,
        "all": await asyncio.to_thread(figures_document, whole),
    }


async def tried_cycles(
    session: ReadSession, asked: BackTest, period: Period, *, timezone: str
) -> tuple[Whom, list[Cycle]]:
    """Whom a period is tried on, as cycles of the draft.

    It is whom the request names; else the population of the scheme's cycles in the period, else of
    its newest ones, else everybody of the position that has the scheme's own code.
    """
    if asked.population is not None:
        return Whom.STATED, [_cycle_of(asked, 1, asked.population, period, timezone)]
    held = await read_cycles_of_scheme(session, asked.scheme)
    same = [
        replace(each, scheme_version=DRAFT_VERSION)
        for each in held
        if (each.period.start, each.period.end) == (period.start, period.end)
    ]
    if same:
        return Whom.CYCLES, same
    if held:
        last = held[-1].period
        newest = [
            each for each in held if (each.period.start, each.period.end) == (last.start, last.end)
        ]
        return Whom.NEWEST_CYCLE, [
            replace(_cycle_of(asked, number, each.population, period, timezone), code=each.code)
            for number, each in enumerate(newest, 1)
        ]
    return Whom.POSITION, [_cycle_of(asked, 1, Population(position=asked.scheme), period, timezone)]


def _cycle_of(
    asked: BackTest, number: int, population: Population, period: Period, timezone: str
) -> Cycle:
    """A cycle that is nowhere kept; its code is one that no cycle may have."""
    return Cycle(
        code=f"*{number}",
        scheme=asked.scheme,
        scheme_version=DRAFT_VERSION,
        period=period,
        population=population,
        timezone=timezone,
        grace_days=0,
        status=CycleStatus.DRAFT,
        revision=1,
        version=1,
        closed_at=None,
        published_at=None,
    )


async def _setting_of(
    session: ReadSession, asked: BackTest, cycles: Sequence[Cycle], scheme: Scheme
) -> Setting:
    """The company as it is, but that the cycles tried are scored by the draft."""
    setting = await read_setting(session, cycles)
    tried = (asked.scheme, DRAFT_VERSION)
    return replace(setting, schemes={**setting.schemes, tried: scheme})


async def _read_past(session: ReadSession, asked: BackTest, period: Period) -> _Past:
    cards = await read_past_cards(session, period, scheme=asked.scheme)
    cycles = sorted({card.cycle for card in cards.values()})
    versions = await read_versions(
        session, {(card.scheme, card.scheme_version) for card in cards.values()}
    )
    return _Past(
        cards=cards,
        schemes={key: scheme_of(version.document) for key, version in versions.items()},
        paid=await read_paid(session, cycles),
        stated={code: await read_pay_adjustments(session, code) for code in cycles},
    )


async def _try_period(
    session: ReadSession,
    trial: _Trial,
    cycles: Sequence[Cycle],
    report: Callable[[Fraction], Awaitable[None]],
    *,
    at: datetime,
) -> list[Ranked]:
    plans = await asyncio.to_thread(_plans_of, cycles, trial.setting, at)
    for start in range(0, len(plans), AT_ONCE):
        batch = await _with_stated(session, plans[start : start + AT_ONCE], trial.past)
        wanted = {
            plan.card.id: {
                *wanted_by(plan, trial.setting),
                *_told_apart_by(plan, trial.setting),
            }
            for plan in batch
        }
        values = await read_card_values(session, batch, wanted, tenant=trial.setting.tenant)
        targets = await read_targets_of(session, batch, trial.setting)
        pays = bool(trial.pricing.scheme.pay)
        bases = await read_bases(session, batch, trial.setting) if pays else {}
        await asyncio.to_thread(_try_batch, trial, batch, values.of, targets, bases)
        await report(Fraction(start + len(batch), len(plans)))
    ranks = await asyncio.to_thread(_grade, trial)
    heard = await _read_heard(session, trial, cycles)
    await asyncio.to_thread(_pay, trial, heard)
    return ranks


async def _with_stated(
    session: ReadSession, plans: Sequence[CardPlan], past: _Past
) -> list[CardPlan]:
    """The plans with the marks, rewards and penalties that stand for the cards of the period."""
    abouts = {
        plan.card.subject: (past.cards[plan.card.subject].cycle, plan.card.subject)
        for plan in plans
        if plan.card.subject in past.cards
    }
    stated = await read_stated(session, list(abouts.values()))
    return [
        replace(plan, stated=stated[abouts[plan.card.subject]])
        if plan.card.subject in abouts
        else plan
        for plan in plans
    ]


def _told_apart_by(plan: CardPlan, setting: Setting) -> list[Wanted]:
    """The tie-breakers of a card, where its grade is given by rank."""
    last = plan.segments[-1]
    scheme = setting.schemes[last.scheme, last.scheme_version]
    if scheme.distribution is None or not is_forced(scheme):
        return []
    return tie_breakers_wanted(plan, scheme.distribution, setting)


def _plans_of(cycles: Sequence[Cycle], setting: Setting, at: datetime) -> list[CardPlan]:
    """A plan for everybody whose card lies in one of the cycles; nobody is tried twice."""
    plans: dict[Subject, CardPlan] = {}
    for cycle in cycles:
        for subject in subjects_of(cycle, setting):
            card = new_card(cycle, subject, tenant=setting.tenant.id, at=at)
            plan = plan_card(card, cycle, setting)
            if plan is not None:
                plans.setdefault(subject, plan)
    return list(plans.values())


def _try_batch(
    trial: _Trial,
    plans: Sequence[CardPlan],
    values: Mapping[str, Mapping[Wanted, Explained]],
    targets: SetTargets,
    bases: Mapping[str, PayBasis],
) -> None:
    """The arithmetic of some cards, down to what their lines come to."""
    inputs = [
        tuple(
            with_values(
                inputs_of(plan, trial.setting, values[plan.card.id], targets), plan.stated.values
            )
        )
        for plan in plans
    ]
    scores = trial.score_all(inputs, [plan.stated.adjustments for plan in plans])
    for plan, own, scored in zip(plans, inputs, scores, strict=True):
        subject = plan.card.subject
        tried = Tried(subject, plan.cycle.period.code, own, scored, None, trial.past.of(subject))
        for tally in trial.tallies:
            tally.add_lines(tried)
        trial.held.append(
            Held(
                tried=replace(tried, inputs=(), score=trial.pricing.kept(scored)),
                cycle=plan.cycle.code,
                unit=plan.segments[-1].unit or "",
                tie_breakers=tuple(
                    values[plan.card.id][one].value.value
                    for one in _told_apart_by(plan, trial.setting)
                ),
                limit=limit_of(trial.pricing.scheme, own, scored),
                basis=bases.get(plan.card.id, _NO_BASIS),
            )
        )


def _grade(trial: _Trial) -> list[Ranked]:
    """Give everybody their grade, and put down what each earns by it."""
    scheme = trial.pricing.scheme
    stated = scheme.distribution
    better = [
        trial.setting.indicators[code].better
        for code in (() if stated is None else stated.tie_breakers)
    ]
    trial.held, ranks = force_grades(trial.held, scheme, better=better, units=trial.setting.units)
    if trial.pricing.pays_leaders:
        for each in trial.held:
            if each.tried.subject.kind is SubjectKind.EMPLOYEE:
                trial.pricing.note_earned(each.tried.subject.code, each.tried.score, each.basis)
    return ranks


async def _read_heard(
    session: ReadSession, trial: _Trial, cycles: Sequence[Cycle]
) -> dict[str, list[MemberPay]]:
    """What payroll has heard of members who are not tried themselves."""
    others = {code for each in trial.held for code in each.basis.members}
    others -= trial.pricing.earned.keys()
    found: dict[str, list[MemberPay]] = {}
    if others:
        period = cycles[0].period
        for each in await read_business_pay(session, period, others, without=None):
            found.setdefault(each.employee, []).append(each)
    return found


def _pay(trial: _Trial, heard: Mapping[str, Sequence[MemberPay]]) -> None:
    """Price everybody, now that it is known what each earns; units are scored alone."""
    for each in trial.held:
        tried = each.tried
        if tried.subject.kind is SubjectKind.EMPLOYEE:
            stated = trial.past.stated_of(tried.subject)
            price = trial.pricing.price(tried.score, each.basis, heard=heard, adjustments=stated)
            tried = replace(tried, price=price)
        for tally in trial.tallies:
            tally.add_outcome(tried)


def _in_columns(
    cards: Sequence[Sequence[SegmentInput]], adjustments: Sequence[Sequence[Adjustment]]
) -> list[Score]:
    """By the twin of the core, which is loaded when it is first needed."""
    from services.api.fast.scoring import scores_of  # noqa: PLC0415  numpy is loaded by need

    return scores_of(cards, adjustments)


_NO_BASIS = PayBasis({}, {}, (), {})
