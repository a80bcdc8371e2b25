"""How WooCommerce states an order, its refunds, a review and a product, traps and all."""

from datetime import UTC, datetime
from decimal import Decimal

from sandbox.articles import ARTICLES, Article
from sandbox.sales import Claim, Line, Review, Sale
from sandbox.shops import ZONE

Row = dict[str, object]

STATUS = {
    "unpaid": "pending",
    "paid": "processing",
    "part_shipped": "processing",
    # It knows of no parcels: an order is being processed until it is complete.
    "shipped": "processing",
    "completed": "completed",
    "cancelled": "cancelled",
    "refunded": "refunded",
}
_SCORES = {"good": 5, "neutral": 3, "bad": 1}
_ZERO = Decimal(0)


def order_row(sale: Sale, at: datetime, modified: datetime) -> Row:
    """An order as it stands at an instant, with the words of its buyer that nobody asked for."""
    refunded = sum((line.share for line in sale.lines), _ZERO)
    completed = sale.completed_at if sale.completed_at and sale.completed_at <= at else None
    return {
        "id": sale.id,
        "number": str(sale.id),
        "status": status_of(sale, at),
        "currency": sale.shop.currency,
        **_times("date_created", sale.created_at),
        **_times("date_modified", modified),
        **_times("date_paid", sale.paid_at if sale.paid_at and sale.paid_at <= at else None),
        **_times("date_completed", completed),
        "total": _text(sale.paid_amount),
        "total_tax": "0.00",
        "shipping_total": _text(sale.postage),
        "discount_total": _text(sum((line.discount for line in sale.lines), refunded)),
        # Guests have no number.
        "customer_id": 0 if sale.buyer % 7 == 0 else sale.buyer + 1,
        "billing": {
            "first_name": "三",
            "last_name": "张",
            "phone": "13800138000",
            "email": "a@b.c",
        },
        "payment_method": "alipay" if sale.id % 300 else "bacs",
        "meta_data": _meta(sale),
        "line_items": [_line(line) for line in sale.lines],
        "coupon_lines": _coupons(sale),
        "refunds": [
            # Here it is negative, and on its own page positive.
            {"id": int(claim.id), "reason": "", "total": _text(-claim.amount)}
            for claim in sale.claims
            if claim.succeeded_by(at)
        ],
    }


def status_of(sale: Sale, at: datetime) -> str:
    """Some of what was cancelled has been thrown away since."""
    word = STATUS[sale.status(at)]
    return "trash" if word == "cancelled" and sale.id // 100 % 4 == 0 else word


def refund_row(claim: Claim) -> Row:
    """A refund; WooCommerce writes it down when the money has gone back, and not before."""
    quantity = -claim.line.quantity if claim.agreed_at else 0
    return {
        "id": int(claim.id),
        **_times("date_created", claim.settled_at),
        "amount": _text(claim.amount),
        "reason": "请打 13800138000 联系我",
        "line_items": [{"id": claim.line.id, "quantity": quantity, "total": _text(-claim.amount)}],
    }


def review_row(sale: Sale, review: Review) -> Row:
    return {
        "id": review.line.id * 10 + 1,
        **_times("date_created", review.created_at),
        "product_id": product_number(review.line.article),
        "status": "approved",
        "reviewer": f"买**{sale.buyer % 10}",
        "reviewer_email": "a@b.c",
        "review": "请打 13800138000 联系我",
        "rating": _SCORES[review.result],
        "verified": True,
    }


def product_rows(at: datetime) -> list[Row]:
    """The articles of a site at an instant, with some that have no shelf, or nobody counts."""
    rows = [
        _product(product_number(article), article.sku, at, **_pieces(article, at))
        for article in ARTICLES
        if article.sku not in _PARENTS
    ]
    for number in sorted(set(_PARENTS.values())):
        shared = {"manage_stock": True, "stock_quantity": 9, "stock_status": "instock"}
        rows.append(_product(number, "", at, **shared, type="variable"))
    uncounted: Row = {"manage_stock": False, "stock_quantity": None}
    extra: list[Row] = [
        {"stock_status": "instock"},
        {"stock_status": "outofstock", "status": "draft"},
        {"stock_status": "outofstock", "type": "external"},
        {"stock_status": "outofstock", "type": "grouped"},
    ]
    return rows + [
        _product(30_001 + place, "", at, **{**uncounted, **each})
        for place, each in enumerate(extra)
    ]


def variation_rows(number: int, at: datetime) -> list[Row]:
    """The variations of an article; of the second one only all of them are counted together."""
    shared = {"manage_stock": "parent", "stock_quantity": 9, "stock_status": "instock"}
    return [
        _product(
            product_number(article),
            article.sku,
            at,
            **(_pieces(article, at) if number == _OWN_PIECES else shared),
            type="variation",
        )
        for article in ARTICLES
        if _PARENTS.get(article.sku) == number
    ]


def product_number(article: Article) -> int:
    return 10_000 + int(article.sku.removeprefix("QH-"))


_OWN_PIECES, _SHARED_PIECES = 20_001, 20_002
_PARENTS = {
    **dict.fromkeys(("QH-1001", "QH-1002"), _OWN_PIECES),
    **dict.fromkeys(("QH-4001", "QH-4002"), _SHARED_PIECES),
}
"""Articles that are variations of another."""


def _pieces(article: Article, at: datetime) -> Row:
    """How many there are; some go on being sold when there are none."""
    place = ARTICLES.index(article)
    there = (at.astimezone(ZONE).day * 7 + place * 3) % 8
    word = "instock"
    if not there:
        there, word = (-3, "onbackorder") if place % 2 else (0, "outofstock")
    return {"manage_stock": True, "stock_quantity": there, "stock_status": word}


def _product(number: int, sku: str, at: datetime, **stated: object) -> Row:
    return {
        "id": number,
        "name": "青禾",
        "type": "simple",
        "status": "publish",
        "sku": sku,
        **_times("date_created", datetime(2026, 1, 1, tzinfo=UTC)),
        # A sale changes it, too.
        **_times("date_modified", at),
        **stated,
    }


def _line(line: Line) -> Row:
    return {
        "id": line.id,
        "name": line.article.title,
        "product_id": _PARENTS.get(line.article.sku, product_number(line.article)),
        "variation_id": product_number(line.article) if line.article.sku in _PARENTS else 0,
        "sku": line.article.sku,
        "quantity": line.quantity,
        "subtotal": _text(line.article.price * line.quantity),
        "total": _text(line.paid),
        "total_tax": "0.00",
    }


def _coupons(sale: Sale) -> list[Row]:
    if sale.campaign is None:
        return []
    off = sum((line.share for line in sale.lines), _ZERO)
    return [{"id": sale.id % 10**6, "code": sale.campaign, "discount": _text(off)}]


def _meta(sale: Sale) -> list[Row]:
    """Where else a site's own plugins put what the shop system has no field for."""
    source = ("organic", "typein", "organic", "ads", "organic")[sale.id // 100 % 5]
    meta: list[Row] = [
        {"id": 1, "key": "_wc_order_attribution_source_type", "value": source},
        {"id": 2, "key": "_a_plugin_of_theirs", "value": {"any": ["thing", 1]}},
    ]
    return [*meta, {"id": 3, "key": "salesperson", "value": sale.guide}] if sale.guide else meta


def _times(name: str, moment: datetime | None) -> Row:
    """Each time twice: the site's own, and that of Greenwich, both without an offset."""
    if moment is None:
        return {name: None, f"{name}_gmt": None}
    return {
        name: moment.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
        f"{name}_gmt": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
