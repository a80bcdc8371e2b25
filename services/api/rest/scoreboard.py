"""The page at `/`: cycles, people, totals and grades, each with a link to how it came about.

Plain HTML without a script. It shows what the key that asks for it may see; in a demo also
without a key, then as a viewer of the one company that the settings name.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse

from services.api.auth import view_of
from services.api.flows.explanations import names_of
from services.api.flows.next_steps import next_steps_documents
from services.api.rest.advised import next_steps_of_page
from services.api.rest.explained import explanation_of, number, table
from services.api.rest.markup import Content, Markup, element, page
from services.api.rest.settled import SettledRoute, settle_pending
from services.api.settings import ApiSettings
from services.api.store.cycles import read_page_of_cycles
from services.api.store.people import read_employees, read_tenant, read_units
from services.api.store.scorecards import CardFilter, Sort, read_card, read_page_of_cards
from services.door.access import authorize
from services.door.pages import Cursor, decode_cursor, encode_cursor
from services.door.requests import StrictRequest
from services.door.routes import Asking, Handler, Reading, router_of
from services.door.wire import Code
from services.schema.db import Database, ReadSession
from services.schema.errors import NotFound
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Caller, Subject, parse_subject
from services.schema.words import Role, SubjectKind

CYCLES_SHOWN = 500
CARDS_SHOWN = 100
GUEST = "guest:scoreboard"

_STYLE = Path(__file__).with_name("scoreboard.css").read_text(encoding="utf-8")
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_STATUS = {
    "live": "live 进行中",
    "incomplete": "incomplete 不完整",
    "in_review": "in review 审核中",
    "approved": "approved 已批准",
    "published": "published 已发布",
}
_ORIGINS = {
    "gate": "gate 门槛",
    "distribution": "quota 强制分布",
    "calibration": "calibrated 校准",
}
Document = Mapping[str, Any]


class PageRoute(SettledRoute):
    """A page for who has a key, and in a demo for a guest."""

    async def serve(self, request: StrictRequest, handler: Handler) -> Response:
        guest = _guest_of(request)
        if guest is None:
            return await super().serve(request, handler)
        authorize(self.operation, guest.role)
        database: Database = request.app.state.database
        await settle_pending(request, guest.tenant)
        async with database.read(guest.tenant) as session:
            request.scope["kaohe.caller"] = guest
            request.scope["kaohe.session"] = session
            return await self._answer(request, session, handler)


router = router_of(PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One scorecard of the board, with what its subject and unit are called."""

    card: Document
    name: str
    unit: str


@router.get("/")
async def get_board(
    request: Request,
    caller: Asking,
    session: Reading,
    cycle: Annotated[Code | None, Query()] = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """The scorecards of a cycle, best first; of the latest one unless one is asked for."""
    view = await view_of(session, caller, datetime.now(UTC))
    known, _ = await read_page_of_cycles(session, view.subjects(), after=None, limit=CYCLES_SHOWN)
    by_code = sorted(known, key=lambda each: each.code)
    cycles = sorted(by_code, key=lambda each: each.period.start, reverse=True)
    shown = next((each for each in cycles if cycle in {None, each.code}), None)
    if shown is None and cycle is not None:
        raise NotFound("cycle")
    tenant = await read_tenant(session)
    content: list[Content] = []
    if shown is not None:
        last = decode_cursor(request, cursor, 4)
        after = last[1:] if last and last[0] == shown.code else None
        wanted = CardFilter(subjects=view.subjects(), cycle=shown.code)
        cards, total = await read_page_of_cards(
            session, wanted, sort=Sort.TOTAL_DOWN, after=after, limit=CARDS_SHOWN + 1
        )
        session.shown |= {card.id: card.subject for card in cards[:CARDS_SHOWN]}
        documents = [json.loads(card.document) for card in cards[:CARDS_SHOWN]]
        content = [_board(shown, await _rows(session, documents), total)]
        if len(cards) > CARDS_SHOWN:
            place = [shown.code, *cards[CARDS_SHOWN - 1].place(Sort.TOTAL_DOWN)]
            following = {"cycle": shown.code, "cursor": encode_cursor(request, place)}
            link = element("a", "Next page 下一页", href=f"/?{urlencode(following)}")
            content.append(element("p", link))
    else:
        content = [element("p", "There is no cycle yet. 还没有考核周期。")]
    return _answer(
        request, f"{tenant.name} – scoreboard", _heading(tenant.name), _menu(cycles, shown), content
    )


@router.get("/scorecards/{id}")
async def get_explained(
    request: Request, id: Code, caller: Asking, session: Reading
) -> HTMLResponse:
    """How a scorecard came about, step by step."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    card = await read_card(session, id)
    if card is None or not view.sees(card.subject):
        raise NotFound("scorecard")
    session.shown[card.id] = card.subject
    document, explanation = json.loads(card.document), json.loads(card.explanation)
    steps = json.loads((await next_steps_documents(session, [card], at=at))[card.id])
    (row,) = await _rows(session, [document])
    names = await names_of(session, [explanation])
    back = element("a", "← Scoreboard 计分板", href=f"/?{urlencode({'cycle': card.cycle})}")
    told = f"{document['cycle']}, revision {document['revision']}, "
    heading = element(
        "header",
        element("p", back),
        element("h1", row.name, " ", element("span", document["subject"], class_="code")),
        element("p", told, _status(document["status"]), class_="dim"),
        element("p", _summary(document), class_="total"),
    )
    return _answer(
        request,
        f"{row.name} – {card.cycle}",
        heading,
        next_steps_of_page(steps, explanation, names),
        explanation_of(explanation, names),
    )


def _guest_of(request: Request) -> Caller | None:
    """The viewer whom a demo lets in without a key; whoever brings one is asked for it."""
    settings: ApiSettings = request.app.state.settings
    if request.headers.get("authorization") is not None or settings.guest_tenant is None:
        return None
    return Caller(settings.guest_tenant, Role.VIEWER, None, GUEST)


def _heading(company: str) -> Markup:
    return element(
        "header",
        element("h1", "Scoreboard 计分板"),
        element("p", company, class_="dim"),
    )


def _menu(cycles: Sequence[Cycle], shown: Cycle | None) -> Markup:
    """The periods, the latest first, and the cycles of the one that is shown."""
    if shown is None:
        return element("nav", aria_label="Cycles 考核周期")
    # The shown cycle stands for its period, so that no link leads away from it.
    firsts = {each.period.code: each for each in reversed(cycles)} | {shown.period.code: shown}
    periods = sorted(firsts.values(), key=cycles.index)
    beside = [each for each in cycles if each.period.code == shown.period.code]
    return element(
        "nav",
        element("ul", *(_link(each, each.period.code, shown) for each in periods)),
        element(
            "ul",
            *(
                _link(
                    each,
                    each.code.removeprefix(f"{each.period.code}-"),
                    shown,
                    element("span", each.status.value, class_="code"),
                )
                for each in beside
            ),
        ),
        aria_label="Cycles 考核周期",
    )


def _link(cycle: Cycle, name: str, shown: Cycle, *more: Markup) -> Markup:
    return element(
        "li",
        element(
            "a",
            f"{name} " if more else name,
            *more,
            href=f"/?{urlencode({'cycle': cycle.code})}",
            aria_current="page" if cycle is shown else None,
        ),
    )


def _board(cycle: Cycle, rows: Sequence[Row], total: int) -> Markup:
    heads = ("#Rank 名次", "Name 姓名", "Position 岗位", "Unit 部门", "#Total 总分", "Grade 等级",
             "Status 状态", "Why 说明")  # fmt: skip
    caption = f"{total} scorecards of {cycle.period.code}, scheme {cycle.scheme}; best total first."
    return element(
        "main",
        element("h2", f"{cycle.code} ", element("span", cycle.period.code, class_="code")),
        table(caption, heads, [_row(row) for row in rows]),
    )


def _row(row: Row) -> Markup:
    card = row.card
    own = card["segments"][-1]
    why = element("a", "explanation", href=f"/scorecards/{card['id']}")
    return element(
        "tr",
        number(card["rank"]),
        element("th", row.name, " ", element("span", card["subject"], class_="code"), scope="row"),
        element("td", own["position"] or "—"),
        element("td", row.unit),
        number(card["total"]),
        element("td", *_grade(card)),
        element("td", _status(card["status"])),
        element("td", why),
    )


def _grade(card: Document) -> list[Content]:
    """A grade, and what gave it where that is not the band alone."""
    origin = _ORIGINS.get(card.get("grade_origin") or "")
    grade = card["grade"] or "—"
    return [grade] if origin is None else [f"{grade} ", element("span", origin, class_="code")]


def _status(word: str) -> Markup:
    return element("span", _STATUS.get(word, word), class_=f"status {word}")


def _summary(document: Document) -> str:
    if document["total"] is None:
        return "no total yet 暂无总分"
    grade = f" · {document['grade']}" if document["grade"] else ""
    rank = f" · #{document['rank']}" if document["rank"] else ""
    return f"{document['total']}{grade}{rank}"


async def _rows(session: ReadSession, documents: Sequence[Document]) -> list[Row]:
    """The cards with names; as many statements for one as for a hundred."""
    subjects = [parse_subject(document["subject"]) for document in documents]
    people = {each.code for each in subjects if each.kind is SubjectKind.EMPLOYEE}
    employees = await read_employees(session, people)
    units = await read_units(session)

    def name_of(subject: Subject) -> str:
        known = employees if subject.kind is SubjectKind.EMPLOYEE else units
        return known[subject.code].name if subject.code in known else subject.code

    def unit_of(document: Document) -> str:
        code = document["segments"][-1]["unit"]
        return units[code].name if code in units else code or "—"

    return [
        Row(document, name_of(subject), unit_of(document))
        for document, subject in zip(documents, subjects, strict=True)
    ]


def _answer(request: Request, title: str, *content: Content) -> HTMLResponse:
    settings: ApiSettings = request.app.state.settings
    docs = (("/docs", "REST"), ("/graphql", "GraphQL")) if settings.documented else ()
    links = [element("p", element("a", name, href=path)) for path, name in docs]
    body = page(title, _STYLE, *content, element("footer", *links) if links else None)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "private, no-cache"}
    return HTMLResponse(body, headers=headers)
