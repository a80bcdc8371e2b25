"""REST of uses of results besides pay: rules over past grades, proposals, decisions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.flows.uses import (
    cards_looked_at,
    decide_use,
    put_use_rule,
    read_uses,
    shown_people,
)
from services.api.rest.documents import check_current, put_answer
from services.api.rest.indicators import StatedName
from services.api.rest.scheme_documents import NameDocument
from services.api.store.uses import read_use_rules
from services.door.authors import Names, read_author_names
from services.door.pages import (
    LIMIT,
    LIMIT_MAXIMUM,
    Cursor,
    Limit,
    Listed,
    decode_cursor,
    page_of,
)
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, DecimalText, Instant, LongText, Model, Text
from services.schema.db import ReadSession
from services.schema.money import TOTAL_PLACES, fixed
from services.schema.shapes.uses import PastGrade, ShownUse, Use, UseRule, UseState
from services.schema.shapes.views import View
from services.schema.words import CycleKind, Outcome

router = new_router()

MOST_GRADES = 20
MOST_CYCLES = 24


class StatedUseRule(Model):
    """So many of these grades among the last ones propose a use."""

    name: StatedName
    use: Annotated[Use, Field(strict=False)]
    position: Code | None = None
    """Of whom it speaks; null is everybody."""
    to: Code | None = None
    """The next position of the ladder; of a promotion and a demotion required."""
    cycle: Annotated[CycleKind, Field(strict=False)]
    grades: Annotated[list[Text], Field(min_length=1, max_length=MOST_GRADES)]
    at_least: Annotated[int, Field(ge=1, le=MOST_CYCLES)]
    of_last: Annotated[int, Field(ge=1, le=MOST_CYCLES)]
    active: bool = True

    def to_shape(self, code: str) -> UseRule:
        return UseRule(
            code=code,
            zh=self.name.zh,
            en=self.name.en,
            use=self.use,
            position=self.position,
            to=self.to,
            cycle=self.cycle,
            grades=tuple(self.grades),
            at_least=self.at_least,
            of_last=self.of_last,
            active=self.active,
        )


class UseRuleDocument(Model):
    """A rule as it is in force."""

    code: Code
    name: NameDocument
    use: Use
    position: Code | None
    to: Code | None
    cycle: CycleKind
    grades: list[str]
    at_least: int
    of_last: int
    active: bool

    @classmethod
    def from_shape(cls, rule: UseRule) -> "UseRuleDocument":
        return cls(
            code=rule.code,
            name=NameDocument(zh=rule.zh, en=rule.en),
            use=rule.use,
            position=rule.position,
            to=rule.to,
            cycle=rule.cycle,
            grades=list(rule.grades),
            at_least=rule.at_least,
            of_last=rule.of_last,
            active=rule.active,
        )


class UseQuery(Model):
    """Which proposals to list."""

    # A query is text: its numbers are read from it.
    model_config = ConfigDict(strict=False)

    employee: Code | None = None
    rule: Code | None = None
    state: UseState | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class PastGradeDocument(Model):
    """A result that the rule looked at, in its newest revision."""

    result: str
    cycle: Code
    period: str
    grade: str | None
    total: DecimalText

    @classmethod
    def from_shape(cls, past: PastGrade) -> "PastGradeDocument":
        return cls(
            result=past.result,
            cycle=past.cycle,
            period=past.period,
            grade=past.grade,
            total=fixed(past.total, TOTAL_PLACES),
        )


class UseDecisionDocument(Model):
    """What people decided, and why."""

    reason: str
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    decided_at: Instant


class UseDocument(Model):
    """What a rule proposes for somebody, on what grounds, and what became of it."""

    rule: Code
    use: Use
    employee: Code
    position: Code | None
    to: Code | None
    result: str
    """The newest result looked at: the next one makes another proposal."""
    met: int
    grades: list[PastGradeDocument]
    """Those looked at, the newest first."""
    state: UseState
    decision: UseDecisionDocument | None

    @classmethod
    def from_shape(cls, shown: ShownUse, names: Names) -> "UseDocument":
        proposal, decision = shown.proposal, shown.decision
        return cls(
            rule=proposal.rule,
            use=proposal.use,
            employee=proposal.employee,
            position=proposal.position,
            to=proposal.to,
            result=proposal.result,
            met=proposal.met,
            grades=[PastGradeDocument.from_shape(past) for past in proposal.grades],
            state=shown.state,
            decision=None
            if decision is None
            else UseDecisionDocument(
                reason=decision.reason,
                author=decision.author,
                author_name=names.get(decision.author),
                decided_at=decision.decided_at,
            ),
        )


class UseDecisionIn(Model):
    """Which proposal is accepted or declined, and why."""

    rule: Code
    employee: Code
    result: Code
    accept: bool
    reason: LongText


@router.get("/v1/use-rules")
async def list_use_rules(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[UseRuleDocument]:
    """The rules that propose uses of results, in the order of their codes."""
    last = decode_cursor(request, cursor, 1)
    known = await read_use_rules(session)
    codes = [code for code in sorted(known) if last is None or code > last[0]]
    return page_of(
        request,
        [known[code][1] for code in codes[: limit + 1]],
        limit=limit,
        total=len(known),
        key=lambda rule: [rule.code],
        document=UseRuleDocument.from_shape,
    )


@router.put(
    "/v1/use-rules/{code}",
    response_model=UseRuleDocument,
    responses={201: {"model": UseRuleDocument}},
)
async def put_stated_use_rule(
    request: Request, code: Code, stated: StatedUseRule, caller: Asking, session: Writing
) -> Response:
    """Put a rule over past grades. It proposes; whatever follows is decided by people."""
    rule = stated.to_shape(code)

    def permit(before: UseRule | None) -> None:
        check_current(request, None if before is None else UseRuleDocument.from_shape(before))

    outcome = await put_use_rule(session, rule, permit=permit, caller=caller, at=datetime.now(UTC))
    return put_answer(UseRuleDocument.from_shape(rule), created=outcome is Outcome.CREATED)


@router.get("/v1/uses")
async def list_uses(
    request: Request, query: Annotated[UseQuery, Query()], caller: Asking, session: Reading
) -> Listed[UseDocument]:
    """What rules propose by the grades published, and what was decided; a lead's of the team."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    people = shown_people(view, query.employee)
    shown = await read_uses(session, people, at=at, rule=query.rule, state=query.state)
    last = decode_cursor(request, query.cursor, 3)
    rest = [each for each in shown if last is None or each.place > last][: query.limit + 1]
    names = await _names(session, rest, view)
    session.shown |= await cards_looked_at(session, rest[: query.limit])
    return page_of(
        request,
        rest,
        limit=query.limit,
        total=len(shown),
        key=lambda each: each.place,
        document=lambda each: UseDocument.from_shape(each, names),
    )


@router.post("/v1/uses/decisions", status_code=201)
async def post_use_decision(stated: UseDecisionIn, caller: Asking, session: Writing) -> UseDocument:
    """Accept or decline what a rule proposes, once and with a reason. The decision is recorded;
    position, training or warning are people's to carry out.
    """
    at = datetime.now(UTC)
    shown = await decide_use(
        session,
        rule=stated.rule,
        employee=stated.employee,
        result=stated.result,
        accept=stated.accept,
        reason=stated.reason,
        caller=caller,
        at=at,
    )
    view = await view_of(session, caller, at)
    return UseDocument.from_shape(shown, await _names(session, [shown], view))


async def _names(session: ReadSession, shown: Sequence[ShownUse], view: View) -> Names:
    authors = (each.decision.author for each in shown if each.decision is not None)
    return await read_author_names(session, authors, view)
