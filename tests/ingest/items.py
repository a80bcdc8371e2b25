"""An export with a row for each article bought, and how it is read."""

from typing import Any

HEADS = ("订单编号", "买家", "状态", "付款时间", "实付", "商家编码", "数量", "小计")
PAID, DONE = "2026-11-03 10:00:00", "交易成功"
ITEMS: dict[str, Any] = {
    "name": {"zh": "宝贝报表", "en": "items"},
    "kind": "orders",
    "grouped": True,
    "fields": {
        "id": {"column": "订单编号"},
        "buyer": {"column": "买家"},
        "status": {"column": "状态", "words": {DONE: "completed"}},
        "paid_at": {"column": "付款时间"},
        "completed_at": {"column": "付款时间"},
        "paid_amount": {"column": "实付"},
        "lines": {
            "items": [
                {
                    "members": {
                        "id": {"column": "商家编码"},
                        "sku": {"column": "商家编码"},
                        "quantity": {"column": "数量"},
                        "amount": {"column": "小计"},
                    }
                }
            ]
        },
    },
}
