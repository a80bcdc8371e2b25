"""What the made-up company sells: article codes, prices, costs, and what each article is to it."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Article:
    """One thing on the shelf, the same in every shop."""

    sku: str
    title: str
    price: Decimal
    cost: Decimal
    tags: tuple[str, ...]
    weight: int
    """How often it is bought, against the others."""


def _article(
    sku: str, title: str, price: str, cost: str, weight: int, tags: tuple[str, ...] = ()
) -> Article:
    return Article(sku, title, Decimal(price), Decimal(cost), tags, weight)


ARTICLES = (
    _article("QH-1001", "云朵四件套 1.5 m", "299.00", "152.00", 9, ("hit", "core")),
    _article("QH-1002", "云朵四件套 1.8 m", "339.00", "171.00", 8, ("hit", "core")),
    _article("QH-1003", "水洗棉夏被", "189.00", "98.50", 6, ("core",)),
    _article("QH-1004", "大豆纤维冬被", "459.00", "233.00", 4, ("profit",)),
    _article("QH-1005", "乳胶护颈枕", "169.00", "71.20", 7, ("profit", "core")),
    _article("QH-1006", "荞麦硬枕", "89.00", "44.00", 4),
    _article("QH-2001", "加厚浴巾", "69.90", "33.10", 9, ("hit",)),
    _article("QH-2002", "纯棉毛巾 三条装", "39.90", "19.80", 10),
    _article("QH-2003", "速干地垫", "59.00", "26.40", 6),
    _article("QH-2004", "硅藻泥杯垫 六片", "29.90", "9.85", 6, ("profit",)),
    _article("QH-3001", "遮光窗帘 2 片", "238.00", "121.00", 4),
    _article("QH-3002", "亚麻桌布", "118.00", "52.30", 4, ("profit",)),
    _article("QH-3003", "绒面抱枕套", "45.00", "17.60", 7),
    _article("QH-3004", "羊羔绒盖毯", "129.00", "66.00", 6, ("core",)),
    _article("QH-4001", "香薰蜡烛 雪松", "78.00", "24.90", 5, ("profit", "new")),
    _article("QH-4002", "藤编收纳筐 大", "96.00", "48.00", 4, ("new",)),
    _article("QH-4003", "真空收纳袋 八件", "49.90", "21.75", 7, ("new",)),
    _article("QH-4004", "恒温电热毯", "219.00", "124.00", 4, ("new", "core")),
    _article("QH-4005", "磁吸床头灯", "135.00", "61.50", 4, ("new", "profit")),
    _article("QH-5001", "儿童纱布被", "159.00", "78.00", 4),
    _article("QH-5002", "婴儿睡袋", "149.00", "69.90", 3, ("profit",)),
    _article("QH-5003", "卡通四件套 1.2 m", "219.00", "115.00", 4),
)


def article_list() -> dict[str, dict[str, object]]:
    """What a marketplace does not state of an article, as ingest's settings take it."""
    return {
        article.sku: {"cost": f"{article.cost:f}", "tags": list(article.tags)}
        for article in ARTICLES
    }
