"""Rules, gates and what they do, in both languages, for a reader without a key to their documents.

They are told from the documents of `api.md`, section 4, so that what was frozen can be told too.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]

_BOUNDS = (("at_least", "≥"), ("at_most", "≤"), ("below", "<"))
_ZH = {
    "value": "值",
    "attainment": "达成率",
    "score": "得分",
    "count": "次数",
    "budget": "预算目标",
    "challenge": "挑战目标",
    "self": "自评",
    "manager": "上级",
    "peer": "同事",
    "member": "组员",
    "customer": "客户",
    "branch": "分公司",
    "supervisor": "主管",
    "mentor": "导师",
    "hr": "人事",
    "third_party": "第三方",
}
"""What the contract's words are called in Chinese; in English they speak for themselves."""


def rule_in_words(rule: Document, full_mark: str) -> Name:  # noqa: PLR0911  one for each kind
    """What a rule gives."""
    match rule["kind"]:
        case "ratio":
            return _ratio(rule, full_mark)
        case "steps":
            steps = _joined("；", "; ", [_step(step, rule.get("of")) for step in rule["steps"]])
            return Name(
                f"分档：取第一个满足的档；{steps.zh}；都不满足：0",
                f"steps: the first that holds; {steps.en}; none: 0",
            )
        case "curve":
            return _curve(rule)
        case "deduct":
            each, free, floor = rule["per_occurrence"], rule["free"], rule["floor"]
            return Name(
                f"扣分：满分 {full_mark}，超过 {free} 后每 1 扣 {each}，不低于 {floor}",
                f"deduct: {full_mark} less {each} for each beyond {free}, not below {floor}",
            )
        case "pass":
            of, bound = word(rule["of"]), bound_in_words(rule)
            return Name(
                f"达标：{of.zh} {bound} 得 {full_mark}，否则 0",
                f"pass: {full_mark} if the {of.en} is {bound}, else 0",
            )
        case "rating":
            return _rating(rule, full_mark)
        case "ladder":
            return _ladder(rule)
        case "rubric":
            levels = _joined("；", "; ", [_rubric_level(level) for level in rule["levels"]])
            return Name(
                f"评分标准：取第一个满足的等级；{levels.zh}；都不满足：0",
                f"rubric: the first that holds; {levels.en}; none: 0",
            )
        case kind:
            return Name(str(kind), str(kind))


def condition_in_words(when: Document) -> Name:
    """What a gate waits for."""
    of, bound = word(when["of"]), bound_in_words(when)
    if when.get("section"):
        return Name(
            f"类别 {when['section']} 的{of.zh} {bound}",
            f"{of.en} of section {when['section']} {bound}",
        )
    return Name(
        f"考核项 {when['item']} 的{of.zh} {bound}", f"{of.en} of item {when['item']} {bound}"
    )


def effect_in_words(then: Document) -> Name:
    """What a gate does."""
    if then.get("fail"):
        return Name("降为最低等级", "the lowest grade")
    if then.get("cap") is not None:
        return Name(f"总分不超过 {then['cap']}", f"a total of at most {then['cap']}")
    return Name(f"等级不高于 {then['grade']}", f"no better than {then['grade']}")


def bound_in_words(stated: Document) -> str:
    """The one bound that is stated; its sign is the same in both languages."""
    return next(f"{sign} {stated[name]}" for name, sign in _BOUNDS if stated.get(name) is not None)


def word(english: str) -> Name:
    """A word of the contract."""
    return Name(_ZH.get(english, english), english)


def _ratio(rule: Document, full_mark: str) -> Name:
    cap = rule["cap"] or f"1.2 × {full_mark}"
    return Name(
        f"比例：{full_mark} × 达成率，{rule['floor']} 至 {cap}",
        f"ratio: {full_mark} × attainment, from {rule['floor']} to {cap}",
    )


def _curve(rule: Document) -> Name:
    of = word(rule["of"])
    points = [f"({figure}, {score})" for figure, score in rule["points"]]
    return Name(
        f"曲线：{of.zh}在 {'、'.join(points)} 之间取直线，两端持平",
        f"curve: straight lines of the {of.en} between {', '.join(points)}, flat outside",
    )


def _rating(rule: Document, full_mark: str) -> Name:
    raters = [word(each["role"]) for each in rule["raters"]]
    shares = [f"{each['weight']} %" for each in rule["raters"]]
    zh = "、".join(f"{role.zh} {share}" for role, share in zip(raters, shares, strict=True))
    en = ", ".join(f"{role.en} {share}" for role, share in zip(raters, shares, strict=True))
    marks = _marks(rule, full_mark)
    return Name(f"评分：{zh} 的加权平均；{marks.zh}", f"rating: mean of marks by {en}; {marks.en}")


def _marks(rule: Document, full_mark: str) -> Name:
    if rule["levels"]:
        return _priced((each["text"], each["mark"]) for each in rule["levels"])
    if (marks := rule["marks"]) is None:
        return Name(f"0 至 {full_mark}", f"from 0 to {full_mark}")
    start, end, step = marks["from"], marks["to"], marks["step"]
    return Name(f"{start} 至 {end}，每档 {step}", f"from {start} to {end} by {step}")


def _ladder(rule: Document) -> Name:
    rungs = _priced(zip(rule["behaviours"], rule["marks"], strict=True))
    return Name(
        f"行为阶梯：取以下各级都满足的最高一级；{rungs.zh}；都不满足：0",
        f"ladder: the highest of which all before it hold; {rungs.en}; none: 0",
    )


def _rubric_level(level: Document) -> Name:
    how = "all" if level.get("all") else "any"
    conditions = _joined("、", ", ", [_rubric_condition(each) for each in level[how]])
    score = level.get("score")
    if score is None:
        low, high = level["range"]
        gives = Name(f"{low} 至 {high}", f"{low} to {high}")
    else:
        gives = Name(score, score)
    met = "同时满足" if how == "all" else "满足其一"
    return Name(f"{met} {conditions.zh}：{gives.zh}", f"{how} of {conditions.en}: {gives.en}")


def _rubric_condition(stated: Document) -> Name:
    of, bound = word(stated["of"]), bound_in_words(stated)
    return Name(
        f"{stated['indicator']} 的{of.zh} {bound}", f"{of.en} of {stated['indicator']} {bound}"
    )


def _step(step: Document, of: str | None) -> Name:
    what, bound = word(of or "value"), bound_in_words(step)
    if not step.get("level"):
        return Name(f"{what.zh} {bound}：{step['score']}", f"{what.en} {bound}: {step['score']}")
    level = word(step["level"])
    return Name(
        f"{level.zh}{what.zh} {bound}：{step['score']}",
        f"{what.en} of {level.en} {bound}: {step['score']}",
    )


def _priced(marks: Iterable[tuple[Document, str]]) -> Name:
    """Texts with what each of them gives."""
    told = [Name(f"{text['zh']}：{mark}", f"{text['en']}: {mark}") for text, mark in marks]
    return _joined("；", "; ", told)


def _joined(chinese: str, english: str, names: Iterable[Name]) -> Name:
    listed = list(names)
    return Name(chinese.join(name.zh for name in listed), english.join(name.en for name in listed))
