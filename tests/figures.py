"""What each scenario of reliability tried and what it found: stated by tests, summed, printed.

A test asks for `figure` and says how much it tried and what of it went wrong, so that a zero never
stands without its count. `make test` ends with one table of them, and fails if a scenario that is
promised was not tried; `make reliability` runs these tests alone and prints the page.
"""

import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
KEY = "figure"


class Wrong(StrEnum):
    """What must not happen, in the page's words and order."""

    CENTS = "cents lost or doubled"
    FACTS = "facts lost or doubled"
    WRITES = "acknowledged writes lost"
    EFFECTS = "effects doubled"
    TORN = "torn batches and publications"
    BYTES = "published bytes changed"
    PULLS = "entries a pull missed or doubled"
    SCORES = "scores or days that differ"
    MOVES = "illegal transitions"
    TAMPERINGS = "tamperings and differences not found"
    UNSAFE = "seeds unsafe"
    BEHIND = "seeds not caught up"
    DEFECTS = "planted defects not caught"
    WINNERS = "older statements that won"
    CURSORS = "cursors moved past what was not seen"
    CALLS = "calls that should not have been made"
    CELLS = "cells wrong"
    UNLISTED = "operations and fields unlisted"
    ACCEPTED = "attacks accepted"
    LEAKS = "leaks"
    CHANGES = "values changed in silence"
    UNNAMED = "refusals that name no place"
    REFUSED = "good ones refused"
    FAILED = "answers of 5xx, or none"


class Most(StrEnum):
    """What is measured and bounded, in the page's words and order."""

    RECOVERY = "seconds to recover"
    RESTORE = "minutes to restore"
    CALLS = "calls for one of the optimum"
    MEMORY = "MB of memory more"
    STALL = "ms that others wait"
    ANSWER = "ms to an answer"
    NEIGHBOUR = "times the neighbour's p95"
    AUDIT = "ms to verify 100,000 entries"


PROMISED = frozenset(
    f"{kind}{number:02}"
    for kind, numbers in (
        ("P", (*range(1, 8), 11)), ("T", (1, 3)), ("A", range(1, 10)), ("X", range(1, 8)),
        ("E", range(1, 10)), ("S", range(1, 15)),
    )
    for number in numbers
)  # fmt: skip
"""Each is tried in every whole run, or the run is red."""
BEFORE_A_RELEASE = frozenset({"E05"})
"""Of them, what takes too long for `make test`."""


class Figures:
    """Takes down what one test tried; what is wrong fails it here, once it is written down."""

    def __init__(self, kept: list[tuple[str, object]]) -> None:
        self._kept = kept

    def __call__(
        self, scenario: str, what: Wrong, found: Collection[object] | int, *, tried: int, of: str
    ) -> None:
        """So many, or these, were wrong of so many things tried."""
        count = found if isinstance(found, int) else len(found)
        assert tried > 0, f"{scenario}: a figure of nothing tried"
        self._keep(scenario, what, found=count, tried=tried, of=of)
        told = [] if isinstance(found, int) else found
        assert count == 0, "\n".join([f"{scenario}: {count} {what}", *map(str, told)])

    def most(self, scenario: str, what: Most, *values: float, limit: float | None) -> None:
        """Each of what was measured is at or under the limit, where there is one."""
        assert values, f"{scenario}: nothing was measured"
        self._keep(scenario, what, values=[round(each, 3) for each in values], limit=limit)
        if limit is not None:
            assert max(values) <= limit, f"{scenario}: {max(values)} {what}, more than {limit}"

    def _keep(self, scenario: str, what: StrEnum, **told: object) -> None:
        self._kept.append((KEY, {"scenario": scenario, "what": what.value, **told}))


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figures:
    return Figures(request.node.user_properties)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--reliability", action="store_true", help="only the tests that state a figure, as a page"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Page(config), "kaohe-page")


class Page:
    """What was stated in a run, whichever process ran the test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: list[dict[str, Any]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._config.option.reliability:
            kept = [each for each in items if KEY in getattr(each, "fixturenames", ())]
            self._config.hook.pytest_deselected(items=[i for i in items if i not in set(kept)])
            items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Every test has this phase, and by then it has said all.
        if report.when == "teardown":
            self._told += [dict(told) for name, told in _pairs(report) if name == KEY]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        # A process that runs a part of the tests cannot know what another has tried.
        is_whole_run = not hasattr(self._config, "workerinput") and exitstatus == pytest.ExitCode.OK
        if is_whole_run and self._missing():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        write = terminalreporter.write_line
        if self._config.option.reliability:
            terminalreporter.section("reliability")
            for line in (*head(self._config), "", *sums(self._told), ""):
                write(line)
        elif self._told:
            terminalreporter.section("what each scenario tried and found")
        for line in table(self._told):
            write(line)
        if exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED} and self._missing():
            write(f"promised, and not tried: {' '.join(self._missing())}", red=True)

    def _missing(self) -> list[str]:
        option = self._config.option
        is_whole = option.reliability or (
            self._config.args_source is pytest.Config.ArgsSource.TESTPATHS
            and option.markexpr == "not long"
        )
        is_part = (
            option.keyword or option.collectonly or self._config.getoption("lf", default=False)
        )
        if is_part or not is_whole:
            return []
        promised = PROMISED if option.reliability else PROMISED - BEFORE_A_RELEASE
        return sorted(promised - {told["scenario"] for told in self._told})


def _pairs(report: pytest.TestReport) -> Iterable[tuple[str, Any]]:
    return report.user_properties


def head(config: pytest.Config) -> Iterator[str]:
    """When, of which code, where, by which chance."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    changed = " with changes" if _git("status", "--porcelain") else ""
    yield f"date     {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"commit   {_git('rev-parse', '--short=12', 'HEAD') or 'unknown'}{changed}"
    yield (
        f"machine  {platform.system()} {platform.release()} {platform.machine()}, "
        f"{os.cpu_count()} processors, {pages >> 30} GB, Python {platform.python_version()}"
    )
    yield f"seeds    {getattr(config.option, 'randomly_seed', 'none')} for order and chance"


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words],  # noqa: S607  git is looked for where it is
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip()


def sums(told: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each promise over all scenarios; what was not tried says so."""
    by_what: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in told:
        by_what[each["what"]].append(each)
    for what in (*Wrong, *Most):
        stated = by_what[what.value]
        names = " ".join(sorted({each["scenario"] for each in stated}))
        if not stated:
            yield f"{what:<40} not tried"
        elif isinstance(what, Wrong):
            found, tried = _total(stated, "found"), _total(stated, "tried")
            yield f"{what:<40} {found} of {tried:,} tried ({names})"
        else:
            values = [value for each in stated for value in each["values"]]
            yield f"{what:<40} {_spread(values)} ({names})"


def table(told: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each scenario, what went wrong in it of how much, what it took at most."""
    counted: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    measured: dict[tuple[str, str, float | None], list[dict[str, Any]]] = defaultdict(list)
    for each in told:
        if "tried" in each:
            counted[each["scenario"], each["what"], each["of"]].append(each)
        else:
            measured[each["scenario"], each["what"], each["limit"]].append(each)
    lines = [
        (scenario, f"{scenario:<5} {_total(stated, 'found')} {what}, of {tried:,} {of}")
        for (scenario, what, of), stated in counted.items()
        if (tried := _total(stated, "tried"))
    ]
    lines += [
        (scenario, f"{scenario:<5} {_spread(values)} {what}{_bound(limit)}")
        for (scenario, what, limit), stated in measured.items()
        if (values := [value for each in stated for value in each["values"]])
    ]
    yield from (line for _, line in sorted(lines))


def _bound(limit: float | None) -> str:
    return "" if limit is None else f" (limit {limit:g})"


def _total(stated: Iterable[dict[str, Any]], name: str) -> int:
    return sum(each[name] for each in stated)


def _spread(values: list[float]) -> str:
    """The largest, and below it the p95 where there are enough to speak of one."""
    ordered = sorted(values)
    if len(ordered) < 20:
        return f"{ordered[-1]:g}"
    return f"{ordered[-1]:g} (p95 {ordered[int(len(ordered) * 0.95)]:g} of {len(ordered)})"
