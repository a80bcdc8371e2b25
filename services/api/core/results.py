"""What is published of a card: one document that never changes again."""

from collections.abc import Sequence

from services.api.core.documents import instant_text, plain_or_null, to_bytes
from services.schema.money import TOTAL_PLACES, fixed, minor_places
from services.schema.shapes.payouts import Payout
from services.schema.shapes.results import ResultHead
from services.schema.shapes.scorecards import Score


def result_document(head: ResultHead, card: Score, payouts: Sequence[Payout]) -> bytes:
    """The result of a complete card with its pay, as it is stored and served."""
    assert card.total is not None, "only a complete card is published"
    own = card.segments[-1].segment
    return to_bytes(
        {
            "id": head.id,
            "cycle": head.cycle,
            "period": head.period,
            "subject": str(head.subject),
            "unit": head.unit,
            "scorecard": head.scorecard,
            "scheme": own.scheme,
            "scheme_version": own.scheme_version,
            "revision": head.revision,
            "total": fixed(card.total, TOTAL_PLACES),
            "grade": card.grade,
            "coefficient": plain_or_null(card.coefficient),
            "rank": head.rank,
            "payouts": [_payout_to_wire(payout) for payout in payouts],
            "approvals": [
                {"part": each.part, "by": each.by, "at": instant_text(each.at)}
                for each in head.approvals
            ],
            "fingerprint": head.fingerprint,
            "published_at": instant_text(head.published_at),
        }
    )


def _payout_to_wire(payout: Payout) -> dict[str, object]:
    return {
        "plan": payout.plan,
        "amount": fixed(payout.amount, minor_places(payout.currency)),
        "currency": payout.currency,
        "inputs": dict(payout.inputs),
    }
