"""Changes of sales between two periods: visitors x conversion x order value."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.schema.days import Period


class Factor(StrEnum):
    """What sales are the product of."""

    VISITORS = "visitors"
    CONVERSION = "conversion"
    """Orders per visitor."""
    ORDERS = "orders"
    """In place of the two where nobody counts visitors."""
    ORDER_VALUE = "order_value"


@dataclass(frozen=True, slots=True)
class SalesThen:
    """What was counted in one of the periods; null where there is no data."""

    period: Period
    sales: Decimal | None
    """What was paid, in the company's currency, rounded to its smallest unit."""
    orders: Decimal | None
    visitors: Decimal | None

    def factor(self, factor: Factor) -> Fraction | None:
        """A factor, exactly; null without a denominator."""
        match factor:
            case Factor.VISITORS:
                return None if self.visitors is None else Fraction(self.visitors)
            case Factor.ORDERS:
                return None if self.orders is None else Fraction(self.orders)
            case Factor.CONVERSION:
                return _quotient(self.orders, self.visitors)
            case Factor.ORDER_VALUE:
                return _quotient(self.sales, self.orders)


@dataclass(frozen=True, slots=True)
class SalesChange:
    """The change, and what each factor did to it; the parts sum to the change exactly."""

    before: SalesThen
    after: SalesThen
    change: Decimal | None
    """Null where one of the periods has no data."""
    parts: tuple[tuple[Factor, Decimal], ...]
    """None where there is no change to split."""


def _quotient(above: Decimal | None, below: Decimal | None) -> Fraction | None:
    return Fraction(above) / Fraction(below) if above is not None and below else None
