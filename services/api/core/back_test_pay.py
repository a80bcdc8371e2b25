"""What people would be paid under a draft: an amount, or why none can be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from services.api.core.payouts import business_pay, pay
from services.schema.errors import Conflict
from services.schema.shapes.back_tests import Price
from services.schema.shapes.pay_plans import LeaderCapacity, LeaderMean
from services.schema.shapes.payouts import MemberPay, PayAdjustment, PayBasis
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Score

INCOMPLETE = "incomplete"
MEMBERS_UNPRICED = "members_unpriced"
TRIED = "draft"
"""The cycle by which a member's pay under the draft is named among those that were published."""


@dataclass(slots=True)
class Pricing:
    """Pays the people of a period by a draft; leaders last, by what their members come to."""

    scheme: Scheme
    currency: str
    earned: dict[str, Decimal | None] = field(default_factory=dict)
    """Of each person that has a commission; null where it cannot be told."""

    @property
    def pays_leaders(self) -> bool:
        return any(isinstance(plan, LeaderMean) for plan in self.scheme.pay)

    def kept(self, score: Score) -> Score:
        """What of a score pay still asks for: its lines only where a leader may be paid by one."""
        by_lines = any(isinstance(plan, LeaderMean | LeaderCapacity) for plan in self.scheme.pay)
        return score if by_lines else replace(score, segments=())

    def note_earned(self, employee: str, score: Score, basis: PayBasis) -> None:
        """Keep what somebody earns by business, should a leader be paid by it."""
        if score.total is None:
            self.earned[employee] = None
            return
        try:
            own = business_pay(self.scheme, score, basis, currency=self.currency)
        except Conflict:
            self.earned[employee] = None
            return
        if own is not None:
            self.earned[employee] = own

    def price(
        self,
        score: Score,
        basis: PayBasis,
        *,
        heard: Mapping[str, Sequence[MemberPay]],
        adjustments: Sequence[PayAdjustment],
    ) -> Price:
        """The payouts of a card; `heard` is what payroll knows of members who are not tried."""
        if score.total is None:
            return Price(None, INCOMPLETE)
        members: list[MemberPay] = []
        for code in basis.members:
            if code not in self.earned:
                members += heard.get(code, ())
                continue
            own = self.earned[code]
            if own is None:
                return Price(None, MEMBERS_UNPRICED)
            members.append(MemberPay(code, TRIED, own))
        try:
            payouts = pay(
                self.scheme,
                score,
                basis,
                currency=self.currency,
                members=members,
                adjustments=adjustments,
            )
        except Conflict as refusal:
            return Price(None, refusal.code)
        return Price(payouts, None)
