"""Uses of results as they are kept: rules, what was published of people, and decisions."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.api.store.people import among
from services.schema.days import kept_period
from services.schema.db import ReadSession, WriteSession
from services.schema.money import plain
from services.schema.shapes.uses import (
    Histories,
    PastGrade,
    Use,
    UseDecision,
    UseProposal,
    UseRule,
)
from services.schema.tables.cycles import cycles
from services.schema.tables.results import results
from services.schema.tables.uses import use_decisions, use_rules
from services.schema.words import CycleKind, SubjectKind

_KINDS = {1: CycleKind.MONTH, 3: CycleKind.QUARTER, 6: CycleKind.HALF, 12: CycleKind.YEAR}


async def read_use_rules(session: ReadSession) -> dict[str, tuple[int, UseRule]]:
    """The rules in force with their revisions, by their codes in order."""
    statement = (
        select(use_rules)
        .ext(distinct_on(use_rules.c.code))
        .where(use_rules.c.tenant_id == session.tenant)
        .order_by(use_rules.c.code, use_rules.c.revision.desc())
    )
    rows = await session.execute(statement)
    return {row.code: (row.revision, _rule_from_row(row.rule)) for row in rows}


async def insert_use_rule(
    session: WriteSession, rule: UseRule, *, revision: int, author: str, at: datetime
) -> None:
    """Append a revision of a rule."""
    await session.execute(
        insert(use_rules).values(
            tenant_id=session.tenant,
            code=rule.code,
            revision=revision,
            rule=asdict(rule),
            author=author,
            set_at=at,
        )
    )


async def read_past_grades(session: ReadSession, employees: Collection[str]) -> Histories:
    """What was published of these people, each cycle in its newest revision, the newest first."""
    newest = (
        select(results, cycles.c.starts_on, cycles.c.ends_on)
        .ext(distinct_on(results.c.cycle, results.c.subject))
        .join_from(
            results,
            cycles,
            (cycles.c.tenant_id == results.c.tenant_id) & (cycles.c.code == results.c.cycle),
        )
        .where(
            results.c.tenant_id == session.tenant,
            results.c.subject_kind == SubjectKind.EMPLOYEE,
            among(results.c.subject, employees),
        )
        .order_by(results.c.cycle, results.c.subject, results.c.revision.desc())
        .subquery()
    )
    order = (newest.c.ends_on.desc(), newest.c.cycle.desc())
    wanted = ("id", "subject", "cycle", "period", "starts_on", "ends_on", "grade", "total")
    found: dict[str, list[PastGrade]] = defaultdict(list)
    statement = select(*(newest.c[name] for name in wanted)).order_by(*order)
    for row in await session.execute(statement):
        months = kept_period(row.period, row.starts_on, row.ends_on).months
        found[row.subject].append(
            PastGrade(
                result=row.id,
                cycle=row.cycle,
                period=row.period,
                kind=None if months is None else _KINDS[months],
                grade=row.grade,
                total=row.total,
            )
        )
    return {employee: tuple(past) for employee, past in found.items()}


async def insert_use_decision(session: WriteSession, decision: UseDecision) -> None:
    """Append a decision."""
    proposal = decision.proposal
    grades = [{**asdict(past), "total": plain(past.total)} for past in proposal.grades]
    await session.execute(
        insert(use_decisions).values(
            tenant_id=session.tenant,
            rule=proposal.rule,
            employee=proposal.employee,
            result=proposal.result,
            proposal={**asdict(proposal), "grades": grades},
            accepted=decision.accepted,
            reason=decision.reason,
            author=decision.author,
            decided_at=decision.decided_at,
        )
    )


async def read_use_decisions(session: ReadSession, employees: Collection[str]) -> list[UseDecision]:
    """All decisions on what was proposed for these people."""
    where: tuple[ColumnElement[bool], ...] = (
        use_decisions.c.tenant_id == session.tenant,
        among(use_decisions.c.employee, employees),
    )
    return [
        UseDecision(
            proposal=_proposal_from_row(row),
            accepted=row.accepted,
            reason=row.reason,
            author=row.author,
            decided_at=row.decided_at,
        )
        for row in await session.execute(select(use_decisions).where(*where))
    ]


def _rule_from_row(kept: Mapping[str, Any]) -> UseRule:
    words = {
        "use": Use(kept["use"]),
        "cycle": CycleKind(kept["cycle"]),
        "grades": tuple(kept["grades"]),
    }
    return UseRule(**{**kept, **words})


def _proposal_from_row(row: Row[Any]) -> UseProposal:
    kept: Mapping[str, Any] = row.proposal
    grades = tuple(
        PastGrade(
            **{
                **past,
                "kind": None if past["kind"] is None else CycleKind(past["kind"]),
                "total": Decimal(past["total"]),
            }
        )
        for past in kept["grades"]
    )
    return UseProposal(**{**kept, "use": Use(kept["use"]), "grades": grades})
