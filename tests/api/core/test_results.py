"""A result as it is published, to the byte."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.api.core.results import result_document
from services.schema.shapes.results import Approval, ResultHead
from services.schema.words import Approver
from tests.api.core.paying import payouts_of
from tests.api.core.scoring import EMPLOYEE, flat, item, scored

AT = datetime(2026, 11, 5, 9, tzinfo=UTC)
HEAD = ResultHead(
    id="res_1",
    cycle="2026-10-front",
    period="2026-10",
    subject=EMPLOYEE,
    revision=2,
    unit="north",
    scorecard="sc_1",
    rank=1,
    approvals=(Approval(Approver.MANAGER, "employee:e-9", AT),),
    fingerprint="sha256:0",
    published_at=AT,
)


def test_a_result_to_the_byte() -> None:
    stated = flat(item("a", "100"), pay=[{"plan": "grade_bonus", "base": "1000"}])
    card = scored(stated, {"a": "95"})
    payouts = payouts_of(stated, card)
    assert result_document(HEAD, card, payouts).decode() == (
        '{"id":"res_1","cycle":"2026-10-front","period":"2026-10","subject":"employee:e-1",'
        '"unit":"north","scorecard":"sc_1","scheme":"front","scheme_version":1,"revision":2,'
        '"total":"95.00","grade":"A","coefficient":"1.2","rank":1,"payouts":['
        '{"plan":"grade_bonus","amount":"1200.00","currency":"CNY","inputs":{"base":"1000",'
        '"coefficient":{"of":"grade","grade":"A","value":"1.2"}}}],"approvals":['
        '{"part":"manager","by":"employee:e-9","at":"2026-11-05T09:00:00Z"}],'
        '"fingerprint":"sha256:0","published_at":"2026-11-05T09:00:00Z"}'
    )


def test_a_result_without_grades_and_pay() -> None:
    card = scored(flat(item("a", "100"), grades=[]), {"a": "95"})
    text = result_document(HEAD, card, ()).decode()
    assert '"total":"95.00","grade":null,"coefficient":null,"rank":1,"payouts":[]' in text


def test_an_incomplete_card_is_never_published() -> None:
    card = scored(flat(item("a", "100")), {"a": None})
    with pytest.raises(AssertionError, match="only a complete card is published"):
        result_document(HEAD, card, ())


def test_the_total_is_the_card_s_own() -> None:
    card = scored(flat(item("a", "100")), {"a": "89.995"})
    assert card.total == Decimal("90.00")
    assert '"total":"90.00","grade":"A"' in result_document(HEAD, card, ()).decode()
