"""Loaders: each is named by its key, answers in key order, and opens a session of its own."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from strawberry.dataloader import DataLoader

from services.api.core.formulas import parse_formula
from services.api.core.indicators import days_counted_on, takes_posted_values
from services.api.flows.calibrations import read_distribution
from services.api.flows.explanations import told_explanations
from services.api.flows.improvements import read_card_improvements
from services.api.flows.indicators import known_indicators, known_measures
from services.api.flows.interviews import read_card_interviews
from services.api.flows.next_steps import next_steps_documents
from services.api.flows.receipts import signed_receipts
from services.api.flows.reviews import read_card_reviews
from services.api.flows.score_changes import find_against, score_change_documents
from services.api.store.cycles import Tally, read_cycles, read_moves, read_tallies
from services.api.store.disputes import read_disputes
from services.api.store.histories import History, read_card_histories, read_result_histories
from services.api.store.levels import read_newest_documents
from services.api.store.pay_adjustments import read_pay_adjustments_of
from services.api.store.people import read_employees
from services.api.store.ratings import read_adjustments, read_invitations, read_ratings
from services.api.store.readers import read_last_readers
from services.api.store.results import read_published_cards, read_published_revisions
from services.api.store.scorecards import read_cards, read_revisions
from services.door.authors import read_author_names
from services.door.signing_keys import SigningKeys
from services.schema.db import ReadSession
from services.schema.errors import Invalid
from services.schema.shapes.cycles import Cycle, Move
from services.schema.shapes.disputes import Dispute
from services.schema.shapes.improvements import Improvement
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.interviews import CardInterview
from services.schema.shapes.measures import Measure
from services.schema.shapes.payouts import PayAdjustment
from services.schema.shapes.people import Employee, Subject
from services.schema.shapes.ratings import About, Invitation, KeptAdjustment, KeptRating
from services.schema.shapes.readers import Reader
from services.schema.shapes.results import Result
from services.schema.shapes.reviews import CardReview
from services.schema.shapes.scorecards import Scorecard
from services.schema.shapes.views import View
from services.schema.words import SubjectKind

Value = TypeVar("Value")

_CARD = re.compile(rb'"(?:id|scorecard)":"(sc_[0-9a-z]+)"')
"""The card of a stored document: a card's own id, a result's card."""
MOST_READERS = 100
"""Of one card; REST has them all."""
MOST_DISTRIBUTIONS = 10
"""Of one operation: each is as long as its cycle has people."""

MOST_EXPLANATIONS = 20
"""Of one operation, and as many receipts: each is some twenty times as long as its card."""


class Reads(Protocol):
    """What loaders need of an operation."""

    at: datetime

    @property
    def receipt_keys(self) -> SigningKeys: ...

    def read(self) -> AbstractAsyncContextManager[ReadSession]: ...

    async def view(self) -> View: ...


@dataclass(frozen=True, slots=True)
class PageOf:
    """A page of a person's documents, of one cycle or of all."""

    employee: str
    cycle: str | None
    after: tuple[str, ...] | None
    limit: int


@dataclass(frozen=True, slots=True)
class Against:
    """A card, and what it is held against: another's id or cycle, or the one before."""

    card: str
    against: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a card, and what was published of it."""

    card: Scorecard
    result: Result | None


@dataclass(frozen=True, slots=True)
class CycleNow:
    """A cycle, how its scorecards stand, and its moves where the caller may know them."""

    cycle: Cycle
    tally: Tally
    moves: tuple[Move, ...] | None


@dataclass(frozen=True, slots=True)
class IndicatorNow:
    """An indicator as it is defined, on which days its facts count, and if values are posted."""

    indicator: Indicator
    counts_on: tuple[str, ...]
    posted: bool


class Loaders:
    """All loaders of one operation: what two resolvers ask for is read once."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self.employee_by_code: DataLoader[str, Employee | None] = DataLoader(self._employees)
        self.cycle_by_code: DataLoader[str, CycleNow | None] = DataLoader(self._cycles)
        self.distribution_by_cycle: DataLoader[str, bytes | None] = DataLoader(self._distributions)
        self.indicator_by_code: DataLoader[str, IndicatorNow | None] = DataLoader(self._indicators)
        self.cards_by_page: DataLoader[PageOf, History] = DataLoader(self._cards)
        self.results_by_page: DataLoader[PageOf, History] = DataLoader(self._results)
        self.published_card_by_result: DataLoader[str, bytes | None] = DataLoader(self._published)
        self.next_steps_by_card: DataLoader[str, bytes | None] = DataLoader(self._next_steps)
        self.change_by_card: DataLoader[Against, bytes | None] = DataLoader(self._changes)
        self.ratings_by_card: DataLoader[About, list[KeptRating]] = DataLoader(self._ratings)
        self.levels_by_employee: DataLoader[str, list[bytes]] = DataLoader(self._levels)
        self.explanation_by_card: DataLoader[str, bytes | None] = DataLoader(self._explanations)
        self.adjustments_by_card: DataLoader[About, list[KeptAdjustment]] = DataLoader(
            self._adjustments
        )

        self.improvements_by_card: DataLoader[str, list[Improvement]] = DataLoader(
            self._improvements
        )
        self.interview_by_card: DataLoader[str, CardInterview | None] = DataLoader(self._interviews)
        self.disputes_by_card: DataLoader[About, tuple[Dispute, ...]] = DataLoader(self._disputes)
        self.readers_by_card: DataLoader[str, list[Reader]] = DataLoader(self._readers)
        self.invitations_by_card: DataLoader[About, list[Invitation]] = DataLoader(
            self._invitations
        )
        self.pay_adjustments_by_card: DataLoader[About, list[PayAdjustment]] = DataLoader(
            self._pay_adjustments
        )
        self.revisions_by_card: DataLoader[About, list[Revision]] = DataLoader(self._revisions)
        self.receipt_by_card: DataLoader[str, bytes | None] = DataLoader(self._receipts)
        self.review_by_card: DataLoader[str, CardReview | None] = DataLoader(self._reviews)
        self.name_by_author: DataLoader[str, str | None] = DataLoader(self._authors)

    async def _authors(self, authors: list[str]) -> list[str | None]:
        view = await self._reads.view()
        async with self._reads.read() as session:
            names = await read_author_names(session, authors, view)
        return [names.get(author) for author in authors]

    async def _readers(self, cards: list[str]) -> list[list[Reader]]:
        async with self._reads.read() as session:
            found = await read_last_readers(session, cards, most=MOST_READERS)
        return [found.get(card, []) for card in cards]

    async def _reviews(self, ids: list[str]) -> list[CardReview | None]:
        async with self._reads.read() as session:
            cards = list((await read_cards(session, ids)).values())
            return _in_order(ids, await read_card_reviews(session, cards, at=self._reads.at))

    async def _improvements(self, ids: list[str]) -> list[list[Improvement]]:
        async with self._reads.read() as session:
            cards = list((await read_cards(session, ids)).values())
            found = await read_card_improvements(session, cards)
        return [found.get(card, []) for card in ids]

    async def _interviews(self, ids: list[str]) -> list[CardInterview | None]:
        async with self._reads.read() as session:
            cards = list((await read_cards(session, ids)).values())
            return _in_order(ids, await read_card_interviews(session, cards, at=self._reads.at))

    async def _disputes(self, cards: list[About]) -> list[tuple[Dispute, ...]]:
        async with self._reads.read() as session:
            found = await read_disputes(session, cards)
        return [found[card] for card in cards]

    async def _ratings(self, cards: list[About]) -> list[list[KeptRating]]:
        async with self._reads.read() as session:
            found = await read_ratings(session, cards)
        return [found.get(card, []) for card in cards]

    async def _adjustments(self, cards: list[About]) -> list[list[KeptAdjustment]]:
        async with self._reads.read() as session:
            found = await read_adjustments(session, cards)
        return [found.get(card, []) for card in cards]

    async def _invitations(self, cards: list[About]) -> list[list[Invitation]]:
        async with self._reads.read() as session:
            found = await read_invitations(session, cards)
        return [found[card] for card in cards]

    async def _pay_adjustments(self, cards: list[About]) -> list[list[PayAdjustment]]:
        async with self._reads.read() as session:
            found = await read_pay_adjustments_of(session, cards)
        return [found[card] for card in cards]

    async def _revisions(self, cards: list[About]) -> list[list[Revision]]:
        async with self._reads.read() as session:
            found = await read_revisions(session, cards)
            results = await read_published_revisions(session, cards)
        return [
            [Revision(each, results[card].get(each.revision)) for each in found[card]]
            for card in cards
        ]

    async def _receipts(self, ids: list[str]) -> list[bytes | None]:
        if len(ids) > MOST_EXPLANATIONS:
            detail = f"At most {MOST_EXPLANATIONS} receipts are read at once."
            raise Invalid("too_complex", detail)
        async with self._reads.read() as session:
            cards = list((await read_cards(session, ids)).values())
            made = await signed_receipts(session, cards, self._reads.receipt_keys)
        return _in_order(ids, made)

    async def _levels(self, codes: list[str]) -> list[list[bytes]]:
        async with self._reads.read() as session:
            found = await read_newest_documents(session, codes)
        return [found[code] for code in codes]

    async def _explanations(self, ids: list[str]) -> list[bytes | None]:
        if len(ids) > MOST_EXPLANATIONS:
            detail = f"At most {MOST_EXPLANATIONS} explanations are read at once."
            raise Invalid("too_complex", detail)
        async with self._reads.read() as session:
            cards = await read_cards(session, ids)
            made = await told_explanations(session, [each.explanation for each in cards.values()])
        return _in_order(ids, dict(zip(cards, made, strict=True)))

    async def _employees(self, codes: list[str]) -> list[Employee | None]:
        async with self._reads.read() as session:
            return _in_order(codes, await read_employees(session, codes))

    async def _indicators(self, codes: list[str]) -> list[IndicatorNow | None]:
        async with self._reads.read() as session:
            known = await known_indicators(session, codes)
            measures = await known_measures(session)
        return _in_order(codes, {code: with_days(known[code], measures) for code in known})

    async def _cycles(self, codes: list[str]) -> list[CycleNow | None]:
        view = await self._reads.view()
        async with self._reads.read() as session:
            cycles = await read_cycles(session, codes, view.subjects())
            return _in_order(codes, await read_standing(session, list(cycles.values()), view))

    async def _distributions(self, codes: list[str]) -> list[bytes | None]:
        if len(codes) > MOST_DISTRIBUTIONS:
            detail = f"At most {MOST_DISTRIBUTIONS} distributions are read at once."
            raise Invalid("too_complex", detail)
        view = await self._reads.view()
        async with self._reads.read() as session:
            cycles = await read_cycles(session, codes, view.subjects())
            found = {code: await read_distribution(session, cycles[code]) for code in cycles}
        return _in_order(codes, found)

    async def _published(self, results: list[str]) -> list[bytes | None]:
        async with self._reads.read() as session:
            return _in_order(results, await read_published_cards(session, results))

    async def _next_steps(self, ids: list[str]) -> list[bytes | None]:
        async with self._reads.read() as session:
            cards = list((await read_cards(session, ids)).values())
            made = await next_steps_documents(session, cards, at=self._reads.at)
        return _in_order(ids, made)

    async def _changes(self, wanted: list[Against]) -> list[bytes | None]:
        view = await self._reads.view()
        async with self._reads.read() as session:
            cards = await read_cards(session, [one.card for one in wanted])
            asked = [one for one in wanted if one.card in cards]
            held = [(cards[one.card], one.against) for one in asked]
            others = await find_against(session, held, view)
            pairs = {
                one: (cards[one.card], other)
                for one, other in zip(asked, others, strict=True)
                if other is not None
            }
            made = await score_change_documents(session, list(pairs.values()))
        found = dict(zip(pairs, made, strict=True))
        return [found.get(one) for one in wanted]

    async def _cards(self, wanted: list[PageOf]) -> list[History]:
        return await self._histories(wanted, read_card_histories)

    async def _results(self, wanted: list[PageOf]) -> list[History]:
        return await self._histories(wanted, read_result_histories)

    async def _histories(
        self, wanted: list[PageOf], find: Callable[..., Awaitable[Mapping[str, History]]]
    ) -> list[History]:
        """One statement for all people who are asked for alike: as a rule, for all."""
        people: dict[tuple[str | None, tuple[str, ...] | None, int], list[str]] = defaultdict(list)
        for page in wanted:
            people[page.cycle, page.after, page.limit].append(page.employee)
        found: dict[PageOf, History] = {}
        async with self._reads.read() as session:
            for (cycle, after, limit), codes in people.items():
                pages = await find(session, codes, cycle=cycle, after=after, limit=limit)
                found |= {PageOf(who, cycle, after, limit): pages[who] for who in codes}
                for who in codes:
                    subject = Subject(SubjectKind.EMPLOYEE, who)
                    shown = (_CARD.search(kept.document) for kept in pages[who].page[: limit - 1])
                    session.shown |= {each[1].decode(): subject for each in shown if each}
        return [found[page] for page in wanted]


async def read_standing(
    session: ReadSession, cycles: Sequence[Cycle], view: View
) -> dict[str, CycleNow]:
    """Cycles with what is told of them to who has this view; so many statements for any."""
    codes = [cycle.code for cycle in cycles]
    tallies = await read_tallies(session, codes, view.subjects())
    moves = await read_moves(session, codes) if view.whole else {}
    return {
        cycle.code: CycleNow(cycle, tallies[cycle.code], moves.get(cycle.code)) for cycle in cycles
    }


def with_days(indicator: Indicator, measures: Mapping[str, Measure]) -> IndicatorNow:
    """An indicator with the days that its formula counts on, by the measures it names."""
    days: tuple[str, ...] = ()
    if indicator.formula is not None:
        days = days_counted_on(parse_formula(indicator.formula), measures)
    return IndicatorNow(indicator, days, takes_posted_values(indicator))


def _in_order(keys: Sequence[str], found: Mapping[str, Value]) -> list[Value | None]:
    return [found.get(key) for key in keys]
