"""How the change of sales is written, with a sentence in both languages."""

from decimal import Decimal
from fractions import Fraction

from services.api.core.documents import plain_or_null
from services.api.core.names import name_to_wire
from services.schema.money import VALUE_PLACES, fixed, plain, round_half_up
from services.schema.shapes.people import Subject
from services.schema.shapes.sales_changes import Factor, SalesChange, SalesThen
from services.schema.shapes.schemes import Name
from services.schema.words import Scope

Document = dict[str, object]
_CALLED = {
    Factor.VISITORS: Name("访客数", "visitors"),
    Factor.CONVERSION: Name("转化率", "conversion"),
    Factor.ORDERS: Name("订单数", "orders"),
    Factor.ORDER_VALUE: Name("客单价", "order value"),
}


def sales_change_document(
    subject: Subject, scope: Scope, change: SalesChange, *, currency: str, places: int
) -> Document:
    """The change of a subject's sales; money shows the currency's decimals."""
    return {
        "subject": str(subject),
        "scope": scope,
        "currency": currency,
        "before": _then(change.before, places),
        "after": _then(change.after, places),
        "change": None if change.change is None else fixed(change.change, places),
        "reason": _reason(change),
        "parts": [
            {
                "factor": factor,
                "before": _rounded(change.before.factor(factor)),
                "after": _rounded(change.after.factor(factor)),
                "part": fixed(part, places),
            }
            for factor, part in change.parts
        ],
        "words": name_to_wire(_words(change, places)),
    }


def _then(then: SalesThen, places: int) -> Document:
    return {
        "period": then.period.code,
        "sales": None if then.sales is None else fixed(then.sales, places),
        "orders": plain_or_null(then.orders),
        "visitors": plain_or_null(then.visitors),
    }


def _reason(change: SalesChange) -> str | None:
    if change.change is None:
        return "no_data"
    return None if change.parts else "no_product"


def _rounded(value: Fraction | None) -> str | None:
    return None if value is None else plain(round_half_up(value, VALUE_PLACES))


def _words(change: SalesChange, places: int) -> Name:
    before, after = change.before.sales, change.after.sales
    if change.change is None or before is None or after is None:
        return Name("有一期没有销售数据，无法比较", "one of the periods has no data of sales")
    way = f"{fixed(before, places)} → {fixed(after, places)} ({_signed(change.change, places)})"
    zh = "，".join(f"{_CALLED[each].zh} {_signed(part, places)}" for each, part in change.parts)
    en = ", ".join(f"{_CALLED[each].en} {_signed(part, places)}" for each, part in change.parts)
    return Name(
        f"销售额 {way}" + (f"：{zh}" if zh else ""), f"sales {way}" + (f": {en}" if en else "")
    )


def _signed(value: Decimal, places: int) -> str:
    text = fixed(value, places)
    return text if text.startswith("-") else f"+{text}"
