"""Next steps as sentences in both languages, for who reads them and not their figures."""

from collections.abc import Mapping
from decimal import Decimal

from services.schema.money import TOTAL_PLACES, fixed, plain
from services.schema.shapes.next_steps import (
    Alone,
    LineSteps,
    Need,
    NextStep,
    NextSteps,
    NoPace,
    Pace,
    PaceOf,
    StepKind,
)
from services.schema.shapes.schemes import Name
from services.schema.words import IndicatorUnit

_KINDS = {
    StepKind.FLOOR: Name("开始得分", "where the score begins to rise"),
    StepKind.TARGET: Name("目标", "the target"),
    StepKind.CAP: Name("上限", "the cap"),
    StepKind.STEP: Name("第 {} 档", "step {}"),
    StepKind.POINT: Name("曲线第 {} 点", "point {} of the curve"),
    StepKind.OCCURRENCE: Name("少一次", "one fewer"),
    StepKind.FREE: Name("免扣数", "as many as are free"),
    StepKind.BOUND: Name("达标线", "the bound"),
    StepKind.BEHAVIOUR: Name("第 {} 级行为", "behaviour {}"),
    StepKind.LEVEL: Name("第 {} 级", "level {}"),
    StepKind.MARK: Name("满分", "the full mark"),
}
_NO_PACE = {
    NoPace.OVER: Name("周期已结束，没有预测", "no forecast: its days are over"),
    NoPace.TOO_FEW_DAYS: Name("天数太少，还不能预测", "no forecast yet: too few days"),
    NoPace.POSTED: Name("填报值，没有预测", "no forecast: its values are posted"),
    NoPace.NOT_BY_DAYS: Name("不能按天累计，没有预测", "no forecast: its days do not add up"),
    NoPace.NO_DATA: Name("没有数据，没有预测", "no forecast: no data"),
    NoPace.RATED: Name("由人评分，没有预测", "no forecast: people rate it"),
}
_HUNDRED = Decimal(100)


def card_words(steps: NextSteps) -> Name:
    """How far the next grade is, and how safe the present one."""
    if steps.total is None:
        return Name("还没有总分：有考核项待补", "no total yet: a line waits to be supplied")
    total = fixed(steps.total, TOTAL_PLACES)
    zh, en = [f"总分 {total}"], [f"a total of {total}"]
    if steps.next_grade is not None and steps.to_next is not None:
        lacks, grade = fixed(steps.to_next, TOTAL_PLACES), steps.next_grade.grade
        zh.append(f"距离 {grade} 还差 {lacks} 分")
        en.append(f"{lacks} points short of {grade}")
    elif steps.band is not None:
        zh.append("已是最高等级")
        en.append("the best grade already")
    if steps.band is not None and steps.spare is not None:
        spare, band = fixed(steps.spare, TOTAL_PLACES), steps.band.grade
        zh.append(f"再低不超过 {spare} 分仍为 {band}")
        en.append(f"{band} is kept with up to {spare} fewer")
    if steps.held_by:
        zh.append("门槛已触发，可能压低总分或等级")
        en.append("gates bite and may hold it down")
    return Name("；".join(zh), "; ".join(en))


def step_words(step: NextStep, line: LineSteps, names: Mapping[str, Name]) -> Name:
    """What to reach, how far it is, and what it gives."""
    kind = _KINDS[step.kind]
    at = Name(kind.zh.format(step.number), kind.en.format(step.number))
    gives = _gives(step)
    if step.needs:
        zh = "、".join(_need(need, names).zh for need in step.needs)
        en = " and ".join(_need(need, names).en for need in step.needs)
        return Name(f"{at.zh}：{zh}；{gives.zh}", f"{at.en}: {en}; {gives.en}")
    if step.value is None or step.distance is None:
        score = plain(step.reached.score)
        return Name(f"{at.zh}（{score} 分）：{gives.zh}", f"{at.en} ({score}): {gives.en}")
    value = amount_words(step.value, line.unit)
    far = _far(step.distance, step.percent, line.unit)
    return Name(
        f"达到 {value}（{at.zh}），{far.zh}：{gives.zh}",
        f"{value} ({at.en}), {far.en}: {gives.en}",
    )


def alone_words(alone: Alone, line: LineSteps, names: Mapping[str, Name]) -> Name:
    """What one line would have to come to for the next grade."""
    value = amount_words(alone.value, line.unit)
    far = _far(alone.distance, alone.percent, line.unit)
    called = names.get(line.line.indicator or "", Name(line.line.item, line.line.item))
    return Name(
        f"仅靠「{called.zh}」达到 {value}（{far.zh}）即可升级",
        f"{called.en} at {value} ({far.en}) would reach the next grade by itself",
    )


def pace_words(line: LineSteps) -> Name:
    """Where the pace leads, between which ends, and what that would score."""
    pace = line.pace
    if not isinstance(pace, Pace):
        return _NO_PACE[pace]
    forecast, low, high = (
        amount_words(each, line.unit) for each in (pace.forecast, pace.low, pace.high)
    )
    counted = amount_words(pace.counted, line.unit)
    so_far = f"{counted} × {plain(pace.of_weight)} / {plain(pace.weight)}"
    how = Name(so_far, so_far)
    if pace.of is PaceOf.MEAN:
        how = Name(f"目前 {counted}", f"{counted} so far")
    zh = f"照此进度期末约 {forecast}（{how.zh}），五次中约四次在 {low} 至 {high} 之间"
    en = f"at this pace {forecast} ({how.en}); about four of five ends lie in {low} to {high}"
    if line.expected is not None:
        points = plain(line.expected[0].points)
        zh, en = f"{zh}，得 {points} 分", f"{en}; {points} points"
    return Name(zh, en)


def amount_words(value: Decimal, unit: IndicatorUnit | None) -> str:
    """A value as people say it: rates in percent."""
    return f"{plain(value * _HUNDRED)} %" if unit is IndicatorUnit.RATIO else plain(value)


def _far(distance: Decimal, percent: Decimal | None, unit: IndicatorUnit | None) -> Name:
    size = amount_words(abs(distance), unit)
    if unit is IndicatorUnit.RATIO:
        # Of a rate "5 % more" would say two things: its points are not its percent.
        zh_size, en_size = size.replace(" %", " 个百分点"), size.replace(" %", " percentage points")
    else:
        zh_size = en_size = size
    share = "" if percent is None else f" {plain(abs(percent))} %"
    of_now = Name(f"，即{share}" if share else "", f", {share.strip()}" if share else "")
    if distance < 0:
        return Name(f"还要减少 {zh_size}{of_now.zh}", f"{en_size} fewer{of_now.en}")
    return Name(f"还差 {zh_size}{of_now.zh}", f"{en_size} more{of_now.en}")


def _need(need: Need, names: Mapping[str, Name]) -> Name:
    called = names.get(need.indicator, Name(need.indicator, need.indicator))
    if need.value is None:
        return Name(f"{called.zh}（没有目标）", f"{called.en} (no target)")
    value = plain(need.value)
    return Name(f"{called.zh}达到 {value}", f"{called.en} at {value}")


def _gives(step: NextStep) -> Name:
    reached = step.reached
    gain = plain(reached.gain)
    if reached.total is None or reached.total_gain is None:
        return Name(f"该项 +{gain} 分", f"+{gain} points of the line")
    total = fixed(reached.total, TOTAL_PLACES)
    # A gate may take more of the total than the line gives.
    sign = "" if reached.total_gain < 0 else "+"
    added = f"{sign}{fixed(reached.total_gain, TOTAL_PLACES)}"
    grade = "" if reached.grade is None else f" ({reached.grade})"
    return Name(f"总分 {added}，至 {total}{grade}", f"{added}, a total of {total}{grade}")
