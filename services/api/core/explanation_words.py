"""Each step of an explanation as a sentence, in both languages, with the figures it was made of."""

import re
from collections.abc import Mapping
from typing import Any

from services.api.core.rule_words import condition_in_words, effect_in_words, word
from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]

_SCOPES = {"own": "本人", "shops": "负责的店铺", "unit": "部门", "company": "全公司"}
_REASONS = {
    "no_rows": "没有数据",
    "no_denominator": "分母为零",
    "too_large": "数值过大",
    "fx_rate_missing": "缺少汇率",
    None: "还没有",
}
_STATUS = {"no_data": "没有数据", "no_target": "没有目标"}
_POLICIES = {
    "block": Name("补齐之前没有总分", "the card has no total until it is supplied"),
    "zero": Name("记 0 分", "it scores 0"),
    "full": Name("记满分", "it has the full mark"),
    "redistribute": Name("权重分给其他项", "its weight goes to the other lines"),
}
_STEPS = (
    (r"step (\d+)", "第 {} 档"),
    (r"no step", "未入档"),
    (r"ratio", "按比例"),
    (r"cap", "达到上限"),
    (r"floor", "低于下限"),
    (r"point (\d+) to (\d+)", "第 {} 点至第 {} 点之间"),
    (r"before point (\d+)", "第 {} 点之前"),
    (r"after point (\d+)", "第 {} 点之后"),
    (r"(\S+) beyond the free", "超过免扣 {}"),
    (r"passed", "达标"),
    (r"not passed", "未达标"),
    (r"mean of marks", "评分的平均"),
    (r"behaviour (\d+)", "第 {} 级行为"),
    (r"no behaviour", "没有达到任何一级"),
    (r"level (\d+)", "第 {} 级"),
    (r"level (\d+), chosen", "第 {} 级，由上级选定"),
    (r"level (\d+), low end", "第 {} 级，取低值"),
    (r"no level", "没有满足任何一级"),
)
"""The parts of rules, as `core/rules.py` and its neighbours name them."""


def value_words(line: Document) -> Name:
    """An indicator's value: by which formula, over whose measures."""
    scope = _SCOPES.get(line.get("scope", "own"), "")
    of_scope = (
        Name(f"，范围：{scope}", f", scope {line['scope']}") if "scope" in line else Name("", "")
    )
    if line["value"] is None:
        reason = line["reason"]
        told = (reason or "none yet").replace("_", " ")
        return Name(
            f"没有值：{_REASONS.get(reason, told)}{of_scope.zh}", f"none: {told}{of_scope.en}"
        )
    source = line["source"]
    if source is None or source["formula"] is None:
        return Name(f"填报值{of_scope.zh}", f"as it was posted{of_scope.en}")
    formula, version = source["formula"], source["definition_version"]
    stated = Name(f"（第 {version} 版）", f" (version {version})") if version else Name("", "")
    return Name(
        f"按公式 {formula}{stated.zh or ' '}计算{of_scope.zh}",
        f"computed by {formula}{stated.en}{of_scope.en}",
    )


def measure_words(measure: Document, fx: str | None) -> Name:
    """A measure: how many records it counts, and at which rates."""
    rates = Name(f"；汇率：{fx}", f"; rates: {fx}") if fx else Name("", "")
    filtered = f"[{measure['filters']}]" if measure["filters"] else ""
    name = f"{measure['measure']}{filtered}"
    count = measure["records"]
    records = "record" if count == 1 else "records"
    return Name(f"{name}：{count} 条明细{rates.zh}", f"{name}: {count} {records}{rates.en}")


def target_words(target: Document) -> Name:
    """A target: whose it is, and which days' part of it."""
    level = word(target["level"])
    owner = "考核方案" if target["from"] == "scheme" else target["from"]
    told = Name(f"{level.zh}，来自 {owner}", f"{level.en}, from {target['from']}")
    if target["days"] == target["of_days"]:
        return told
    share = f"{target['stated']} × {target['weight']} / {target['of_weight']} = {target['value']}"
    days = f"{target['days']} / {target['of_days']}"
    return Name(f"{told.zh}；按 {days} 天分摊：{share}", f"{told.en}; for {days} days: {share}")


def attainment_words(line: Document, target: Document, attainment: str) -> Name:
    """Actual against target."""
    quotient = f"{line['value']} / {target['value']}"
    worked = f"2 - {quotient}" if line["better"] == "lower" else quotient
    level = word(target["level"])
    return Name(
        f"{level.zh}达成率：{worked} = {attainment}",
        f"attainment of {level.en}: {worked} = {attainment}",
    )


def marks_words(marks: Document) -> Name:
    """What the people of one role gave, by number and mean alone; of too few not even that."""
    role, count = word(marks["role"]), marks["raters"]
    weight = marks["weight"]
    share = Name(f"，权重 {weight} %", f", weight {weight} %")
    if marks["sum"] is None:
        told = _missing_role(count, marks.get("needed", 1), marks["mean"])
        return Name(f"{role.zh}：{told.zh}{share.zh}", f"{role.en}: {told.en}{share.en}")
    people = "person" if count == 1 else "people"
    mean = f"{marks['sum']} / {count} = {marks['mean']}"
    return Name(
        f"{role.zh}：{count} 人，{mean}{share.zh}", f"{role.en}: {count} {people}, {mean}{share.en}"
    )


def _missing_role(count: int, needed: int, mean: str | None) -> Name:
    """That nobody of a role has rated, or too few to count, and what counts instead."""
    if count:
        told = Name(
            f"{count} 人已评，满 {needed} 人才计入", f"{count} rated, counts from {needed} on"
        )
    else:
        told = Name("待评" if mean is None else "未评", "nobody rated")
    if mean is None:
        return told
    return Name(f"{told.zh}，记 {mean}", f"{told.en}, counted as {mean}")


def behaviours_words(behaviours: list[int] | None) -> Name:
    """Which behaviours of a ladder were seen to hold."""
    if behaviours is None:
        return Name("尚未评定", "nobody has judged yet")
    if not behaviours:
        return Name("没有一级成立", "none holds")
    told = ", ".join(str(each) for each in behaviours)
    return Name(f"成立的行为：{told}", f"behaviours that hold: {told}")


def chosen_words(chosen: str | None) -> Name:
    """What was chosen in the range of a rubric's level."""
    if chosen is None:
        return Name("尚未选定，取低值", "nothing chosen yet: the low end")
    return Name(f"上级选定 {chosen}", f"{chosen} was chosen")


def score_words(line: Document, full_mark: str) -> Name:
    """What the rule gave, or the policy where it could not."""
    if line["status"] != "ok":
        policy = _POLICIES[line["policy"] or line["missing"]]
        status = line["status"]
        return Name(
            f"{_STATUS.get(status, status)}：{policy.zh}",
            f"{status.replace('_', ' ')}: {policy.en}",
        )
    step = step_in_words(line["step"])
    zh, en = f"{step.zh}：{line['before']}", f"{step.en}: {line['before']}"
    if line["after"] != line["before"]:
        zh, en = f"{zh}，调整为 {line['after']}", f"{en}, held to {line['after']}"
    if line["full_mark"] != full_mark:
        scaled = f"{line['after']} × {full_mark} / {line['full_mark']} = {line['score']}"
        zh, en = f"{zh}；换算：{scaled}", f"{en}; on the card's scale: {scaled}"
    return Name(zh, en)


def step_in_words(step: str) -> Name:
    """The part of a rule that gave a score."""
    for pattern, chinese in _STEPS:
        if match := re.fullmatch(pattern, step):
            return Name(chinese.format(*match.groups()), step)
    return Name(step, step)


def weight_words(line: Document) -> Name:
    """A line's share of its section and of the whole."""
    stated, weight = line["stated_weight"], line["weight"]
    if line["policy"] == "redistribute":
        return Name(
            f"占本类 {stated} %，已分给其他项", f"{stated} % of its section, given to others"
        )
    return Name(
        f"占本类 {stated} %，占总分 {weight} %", f"{stated} % of its section, {weight} % of all"
    )


def points_words(line: Document) -> Name:
    """Score times weight."""
    if line["points"] is None:
        return Name("没有分值", "no points")
    worked = f"{line['score']} × {line['weight']} / 100 = {line['points']}"
    return Name(worked, worked)


def section_words(section: Document, points: list[str | None]) -> Name:
    """The sum of a section's points on the scale of the card."""
    if section["score"] is None:
        return Name("没有得分", "no score")
    sum_of = " + ".join(each for each in points if each is not None)
    worked = f"({sum_of}) × 100 / {section['weight']} = {section['score']}"
    return Name(worked, worked)


def segment_words(segment: Document, points: list[str | None]) -> Name:
    """The sum of all points in a stretch of the cycle, and what a cap left of it."""
    start, end, days = segment["from"], segment["to"], segment["days"]
    scheme = f"{segment['scheme']} v{segment['scheme_version']}"
    zh, en = (
        f"{start} 至 {end}（不含），{days} 天，{scheme}",
        f"{start} to {end} (exclusive), {days} days, {scheme}",
    )
    if segment["points"] is None:
        return Name(f"{zh}：没有总分", f"{en}: no total")
    sum_of = " + ".join(each for each in points if each is not None)
    zh, en = f"{zh}：{sum_of} = {segment['points']}", f"{en}: {sum_of} = {segment['points']}"
    if segment["total"] != segment["points"]:
        zh, en = f"{zh}，封顶 {segment['total']}", f"{en}, capped at {segment['total']}"
    return Name(zh, en)


def gate_words(gate: Document) -> Name:
    """Why a gate bit, and what it does."""
    condition, effect = condition_in_words(gate["when"]), effect_in_words(gate["then"])
    actual = gate["actual"]
    return Name(
        f"{condition.zh}（实际 {actual}）：{effect.zh}",
        f"{condition.en} (it is {actual}): {effect.en}",
    )


def total_words(document: Document) -> Name:
    """From the mean of the segments through adjustments and caps to the total."""
    if document["total"] is None:
        return Name("没有总分：有考核项待补", "no total: a line waits to be supplied")
    added = document["adjustments"]["sum"]
    worked = f"{document['mean']} + {added} = {document['adjusted']}"
    zh, en = f"平均 + 奖惩：{worked}", f"mean + adjustments: {worked}"
    if document["total"] != document["adjusted"]:
        return Name(f"{zh}，封顶 {document['total']}", f"{en}, capped at {document['total']}")
    return Name(zh, en)


def mean_words(document: Document) -> Name:
    """The segments' totals by days."""
    segments = document["segments"]
    if document["mean"] is None:
        return Name("没有总分", "no total")
    worked = " + ".join(f"{each['total']} × {each['days']}" for each in segments)
    days = sum(each["days"] for each in segments)
    shown = f"({worked}) / {days} = {document['mean']}"
    return Name(f"按天数平均：{shown}", f"by days: {shown}")


def adjustments_words(adjustments: Document) -> Name:
    """Rewards and penalties within their bounds."""
    points = " + ".join(each["points"] for each in adjustments["stated"]) or "0"
    bounds = adjustments["bounds"]
    if bounds is None:
        return Name("方案不设奖惩", "the scheme knows none")
    between = f"{bounds['minimum']} … {bounds['maximum']}"
    shown = f"{points} → {adjustments['sum']}"
    return Name(f"{shown}，限于 {between}", f"{shown}, within {between}")


def grade_words(document: Document) -> Name:
    """The band that the total reaches, and a lower grade that a gate or people set."""
    grade = next((each for each in document["grades"] if each["grade"] == document["grade"]), None)
    if grade is None or document["band"] is None:
        return Name("没有等级", "no grade")
    band = next(each for each in document["grades"] if each["grade"] == document["band"])
    zh = f"总分 {document['total']} 达到 {band['grade']}（{band['from']} 起）"
    en = f"a total of {document['total']} reaches {band['grade']} (from {band['from']})"
    if grade is not band:
        zh, en = f"{zh}，定为 {grade['grade']}", f"{en}, set to {grade['grade']}"
    coefficient = grade["coefficient"]
    return Name(f"{zh}，系数 {coefficient}", f"{en}, coefficient {coefficient}")
