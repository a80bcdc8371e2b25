"""The made-up company's people: units, positions, managers, and the shops that they answer for."""

from datetime import date, timedelta

_UNITS = (
    # code, name, parent, lead
    ("company", "青禾家居", None, "e-001"),
    ("people", "人力资源部", "company", "e-002"),
    ("operations", "运营部", "company", "e-003"),
    ("tmall-team", "天猫组", "operations", "e-003"),
    ("taobao-team", "淘宝组", "operations", "e-004"),
    ("marketing", "市场推广部", "company", "e-005"),
    ("live", "直播部", "company", "e-015"),
    ("service", "客服部", "company", "e-018"),
    ("pre-sales", "售前组", "service", "e-018"),
    ("after-sales", "售后组", "service", "e-023"),
    ("creative", "设计内容部", "company", "e-007"),
    ("goods", "商品部", "company", "e-009"),
    ("store", "门店部", "company", "e-031"),
    ("warehouse", "仓储部", "company", "e-033"),
    ("life", "青禾生活事业部", "company", "e-042"),
    ("business", "商务合作部", "company", "e-047"),
    ("planning", "运营策划组", "operations", "e-048"),
)

_TM, _TB, _LIFE, _STORE = "tm-qinghe", "tb-qinghe", "tm-life", "st-hangzhou"
_JD, _PDD, _DY, _WC = "jd-qinghe", "pdd-qinghe", "dy-qinghe", "wc-qinghe"

_ALL = dict.fromkeys((_TM, _TB, _LIFE, _WC, "sp-qinghe", "az-qinghe"), 100)

_PEOPLE: tuple[tuple[str, str, str | None, str, str, dict[str, int]], ...] = (
    # code, name, manager, position, unit, shops with shares
    ("e-000", "许青禾", None, "chair", "company", {}),
    ("e-001", "沈知远", "e-000", "head_of_ecommerce", "company", _ALL),
    ("e-002", "林晓岚", "e-001", "hr_manager", "people", {}),
    ("e-003", "周文博", "e-001", "operations_manager", "tmall-team", {_TM: 100, _LIFE: 100}),
    (
        *("e-004", "郑凯", "e-001", "operations_manager", "taobao-team"),
        {_TB: 100, _STORE: 100, _JD: 100, _PDD: 100, _DY: 100},
    ),
    ("e-005", "陈思远", "e-001", "traffic_manager", "marketing", {_TM: 100, _TB: 50}),
    ("e-006", "王雨桐", "e-005", "traffic_manager", "marketing", {_LIFE: 100, _TB: 50}),
    ("e-007", "苏曼", "e-001", "design_manager", "creative", {_TM: 100}),
    ("e-008", "何嘉", "e-007", "design_manager", "creative", {_TB: 100, _LIFE: 100}),
    ("e-009", "唐睿", "e-001", "product_manager", "goods", {_TM: 100, _TB: 100}),
    ("e-010", "罗倩", "e-009", "product_manager", "goods", {_LIFE: 100, _STORE: 100}),
    ("e-011", "马超群", "e-003", "operations_specialist", "tmall-team", {_TM: 100}),
    ("e-012", "高晨", "e-004", "operations_specialist", "taobao-team", {_TB: 100}),
    ("e-013", "谢宁", "e-005", "promotion_specialist", "marketing", {_TM: 100, _WC: 50}),
    (
        *("e-014", "邓佳怡", "e-005", "promotion_specialist", "marketing"),
        {_TB: 100, _LIFE: 100, _WC: 50},
    ),
    ("e-015", "韩磊", "e-001", "live_operations", "live", {_TM: 100, _TB: 100}),
    ("e-016", "柳依依", "e-015", "live_host", "live", {_TM: 100}),
    ("e-017", "宋嘉树", "e-015", "live_host", "live", {_TB: 100}),
    ("e-018", "梁静", "e-003", "team_leader", "pre-sales", {}),
    ("e-019", "吴浩", "e-018", "pre_sales_agent", "pre-sales", {_TM: 20}),
    ("e-020", "徐慧", "e-018", "pre_sales_agent", "pre-sales", {_TM: 20, _LIFE: 30}),
    ("e-021", "孙涛", "e-018", "pre_sales_agent", "pre-sales", {_TB: 30}),
    ("e-022", "胡雪", "e-018", "pre_sales_agent", "pre-sales", {_TB: 30, _LIFE: 30}),
    ("e-023", "朱敏", "e-018", "after_sales_agent", "after-sales", {_TM: 100}),
    (
        *("e-024", "郭帆", "e-023", "after_sales_agent", "after-sales"),
        {_TB: 100, _JD: 100, _PDD: 100, _DY: 100},
    ),
    ("e-025", "何佩", "e-023", "after_sales_agent", "after-sales", {_LIFE: 100}),
    ("e-026", "林深", "e-007", "copywriter", "creative", {_TM: 100, _LIFE: 100}),
    ("e-027", "叶子", "e-007", "copywriter", "creative", {_TB: 100}),
    ("e-028", "程曦", "e-007", "designer", "creative", {_TM: 100}),
    ("e-029", "丁若云", "e-008", "designer", "creative", {_TB: 100}),
    ("e-030", "范一诺", "e-008", "designer", "creative", {_LIFE: 100}),
    ("e-031", "冯悦", "e-004", "service_guide", "store", {_STORE: 60}),
    ("e-032", "姜楠", "e-031", "service_guide", "store", {_STORE: 40}),
    ("e-033", "蔡勇", "e-001", "warehouse", "warehouse", {_TM: 100, _TB: 100, _LIFE: 100}),
    ("e-034", "白露", "e-018", "pre_sales_agent", "pre-sales", {_TM: 15}),
    ("e-035", "江一帆", "e-018", "pre_sales_agent", "pre-sales", {_TM: 15}),
    ("e-036", "钟意", "e-018", "pre_sales_agent", "pre-sales", {_TM: 15}),
    ("e-037", "秦朗", "e-018", "pre_sales_agent", "pre-sales", {_TM: 15}),
    ("e-038", "尹航", "e-018", "pre_sales_agent", "pre-sales", {_TB: 20}),
    ("e-039", "乔安", "e-018", "pre_sales_agent", "pre-sales", {_TB: 20}),
    ("e-040", "龙晓", "e-018", "pre_sales_agent", "pre-sales", {_LIFE: 20}),
    ("e-041", "章程", "e-018", "pre_sales_agent", "pre-sales", {_LIFE: 20}),
    ("e-042", "贺岚", "e-001", "life_traffic_manager", "life", {_LIFE: 100, _TB: 100}),
    ("e-043", "顾言", "e-042", "life_design_manager", "life", {_LIFE: 100, _TB: 100}),
    ("e-044", "邵阳", "e-042", "life_product_manager", "life", {_LIFE: 100, _TB: 100}),
    ("e-045", "姚远", "e-009", "category_manager", "goods", {_TM: 100, _TB: 100}),
    ("e-046", "康宁", "e-005", "promotion_manager", "marketing", {_TM: 100, _TB: 100}),
    ("e-047", "廖凡", "e-001", "business_manager", "business", {_TB: 100}),
    ("e-048", "段晴", "e-003", "campaign_specialist", "planning", {_TM: 100, _TB: 100}),
)

MOVER = "e-014"
"""Who went from operations to promotion in the middle of last month."""
MOVED_FROM = {_LIFE: 100, _DY: 100}
"""The shops that they answered for in operations."""

KEY_HOLDERS = {"hr": "e-002", "lead": "e-005", "employee": "e-006"}
"""Whom the demo's personal keys stand for; the other roles are no person."""


def unit_list() -> list[dict[str, object]]:
    """The units as `POST /v1/units/batch` takes them, parents first."""
    return [
        {"code": code, "name": name, "parent": parent, "lead": lead}
        for code, name, parent, lead in _UNITS
    ]


def employee_list(today: date) -> list[dict[str, object]]:
    """The people as `POST /v1/employees/batch` takes them, managers first."""
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return [
        {
            "code": code,
            "name": name,
            "manager": manager,
            "joined_on": _joined_on(code, last_month).isoformat(),
            "left_on": None,
            "assignments": _assignments(code, position, unit, shops, last_month),
        }
        for code, name, manager, position, unit, shops in _PEOPLE
    ]


def holders_of(position: str) -> dict[str, dict[str, int]]:
    """Who holds a position, with the shops and shares answered for."""
    return {code: shops for code, _, _, held, _, shops in _PEOPLE if held == position}


def shops_of(employee: str) -> dict[str, int]:
    """The shops with shares that somebody answers for."""
    return next(shops for code, _, _, _, _, shops in _PEOPLE if code == employee)


def shops_under(unit: str) -> dict[str, int]:
    """The shops that the people of a unit and of those below it answer for, each whole."""
    below = {unit}
    for code, _, parent, _ in _UNITS:
        if parent in below:
            below.add(code)
    return {shop: 100 for _, _, _, _, held, shops in _PEOPLE if held in below for shop in shops}


def superior_of(subject: str) -> str:
    """Who rates a person or a unit from above: the manager, or who leads the unit above."""
    kind, _, code = subject.partition(":")
    if kind == "employee":
        return next(str(manager) for each, _, manager, _, _, _ in _PEOPLE if each == code)
    parents = {each: parent for each, _, parent, _ in _UNITS}
    return next(lead for each, _, _, lead in _UNITS if each == parents[code])


def is_leading(employee: str) -> bool:
    """Whether somebody is named as a manager, or leads a unit."""
    return any(manager == employee for _, _, manager, _, _, _ in _PEOPLE) or any(
        lead == employee for _, _, _, lead in _UNITS
    )


def _joined_on(code: str, last_month: date) -> date:
    """One designer is new; the others joined over the years."""
    if code == "e-030":
        return last_month.replace(day=9)
    number = int(code.removeprefix("e-"))
    return date(2019 + number % 5, 1 + number % 12, 1 + number % 28)


def _assignments(
    code: str, position: str, unit: str, shops: dict[str, int], last_month: date
) -> list[dict[str, object]]:
    """One promotion specialist came from operations in the middle of last month."""
    joined = _joined_on(code, last_month).isoformat()
    if code != MOVER:
        return [_assignment(position, unit, shops, joined, None)]
    moved = last_month.replace(day=16).isoformat()
    before = _assignment("operations_specialist", "taobao-team", MOVED_FROM, joined, moved)
    return [before, _assignment(position, unit, shops, moved, None)]


def _assignment(
    position: str, unit: str, shops: dict[str, int], start: str, end: str | None
) -> dict[str, object]:
    return {
        "position": position,
        "unit": unit,
        "shops": [{"shop": shop, "share": str(share)} for shop, share in shops.items()],
        "from": start,
        "to": end,
    }
