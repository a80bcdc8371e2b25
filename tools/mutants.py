"""Tries mutants of the arithmetic and shows by file how many the tests kill: `make mutants`.

mutmut makes the mutants and finds which tests reach which function. Trying them is ours: pytest
starts once, and each mutant is a fork of it that runs the tests of its function, quickest first,
until one fails. That takes a hundredth of a second where a pytest of its own takes one. A mutant
that outlives its budget of tests counts as a survivor, so the share shown is the least there is.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import json
import math
import os
import random
import resource
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from mutmut.__main__ import collect_or_load_stats, create_mutants
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, setup_source_paths
from mutmut.workers.isolation import get_mutant_runner

ROOT = Path(__file__).resolve().parent.parent
TREE = ROOT / "mutants"
TESTS = "tests/api/core"
WANTED_PERCENT = 90
SURVIVED, KILLED, NO_TESTS, SLOW = 0, 1, 33, 36
# What a mutant may take beyond twenty times what its tests take.
PATIENCE_SECONDS = 10
PATIENCE_FACTOR = 20
SAVE_EVERY_SECONDS = 20


@dataclass
class MutatedFile:
    """What mutmut keeps of one file: the verdict on each mutant is the exit code of its tests."""

    path: Path
    kept: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".py.meta")

    @property
    def verdicts(self) -> dict[str, int | None]:
        verdicts: dict[str, int | None] = self.kept["exit_code_by_key"]
        return verdicts

    def save(self, found: dict[str, int]) -> None:
        """Adds what was found to what is kept by now: another trial may have written since."""
        self.kept = json.loads(self.path.read_text())
        self.verdicts.update(found)
        self.path.write_text(json.dumps(self.kept, indent=4))


def main() -> int:
    asked = read_arguments()
    if asked.make:
        make_mutants(asked.children)
        return 0
    if not (asked.table or asked.made):
        # A process of its own: it has imported what it tested.
        make = [sys.executable, __file__, "--make", "--children", str(asked.children)]
        subprocess.run(make, cwd=ROOT, check=True)
    files = read_files()
    chosen = choose(files, asked)
    if not asked.table:
        killed = {name for file in files for name in file.verdicts if is_killed(file, name)}
        mutants = [name for name in chosen if asked.again or name not in killed]
        sys.stdout.write(f"{len(mutants)} mutants to try\n")
        try_mutants(files, mutants, asked.children, asked.budget)
    return show(files, frozenset(chosen), asked)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="names: 'services.api.core.rules.*'; all")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--budget", type=float, default=2, help="seconds of tests a mutant has")
    parser.add_argument("--again", action="store_true", help="try also those killed before")
    parser.add_argument("--sample", type=int, help="so many of all, of each file its share")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--make", action="store_true", help="make the mutants, and try none")
    parser.add_argument("--made", action="store_true", help="the mutants stand: make none anew")
    parser.add_argument("--table", action="store_true", help="show what was found before")
    parser.add_argument("--survivors", action="store_true", help="name those that live as well")
    return parser.parse_args()


def make_mutants(children: int) -> None:
    """All that mutmut does before it tries the first: of what has changed since the last time."""
    TREE.mkdir(exist_ok=True)
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    setup_source_paths()
    create_mutants(children)
    runner = get_mutant_runner(children)
    collect_or_load_stats(runner, apply_config_invalidation=True)


def read_files() -> list[MutatedFile]:
    return [
        MutatedFile(path, json.loads(path.read_text()))
        for path in sorted(TREE.glob("services/api/core/*.meta"))
    ]


def choose(files: list[MutatedFile], asked: argparse.Namespace) -> list[str]:
    """Those asked for, in an order of chance; of a sample each file has its share."""
    chosen = []
    everything = sum(len(file.verdicts) for file in files)
    for file in files:
        names = list(file.verdicts)
        if asked.sample:
            size = -(-asked.sample * len(names) // everything)
            # Chance by seed: the same sample again, and nobody's secret.
            names = random.Random(f"{asked.seed} {file.name}").sample(names, min(size, len(names)))
        chosen += [name for name in names if is_asked_for(name, asked.only)]
    # By chance, so that what is tried by any moment is a fair sample of the whole.
    random.Random(asked.seed).shuffle(chosen)
    return chosen


def is_asked_for(name: str, patterns: list[str]) -> bool:
    return not patterns or any(fnmatch(name, pattern) for pattern in patterns)


def is_killed(file: MutatedFile, name: str) -> bool:
    return word_for(file.verdicts[name]) in {"killed", "slow"}


def try_mutants(files: list[MutatedFile], mutants: list[str], children: int, budget: float) -> None:
    """Runs pytest inside the mutants' tree up to its first test, and the mutants from there."""
    os.chdir(TREE)
    os.environ["MUTANT_UNDER_TEST"] = ""
    sys.path.insert(0, str(TREE))
    trial = Trial(files, mutants, children, budget)
    options = ["--rootdir=.", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    code = pytest.main([*options, *deselected(), TESTS], plugins=[trial])
    if code != pytest.ExitCode.OK or not trial.is_done:
        sys.exit("the mutants could not be tried")


def deselected() -> list[str]:
    """Tests that take seconds, as pyproject.toml names them for mutmut."""
    options: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"][
        "pytest_add_cli_args"
    ]
    return options


class Trial:
    """A plugin of pytest that runs each mutant's tests in a fork, in place of all tests once."""

    def __init__(
        self, files: list[MutatedFile], mutants: list[str], children: int, budget: float
    ) -> None:
        self.file_of = {name: file for file in files for name in file.verdicts}
        self.mutants = mutants
        self.children = children
        self.budget = budget
        self.found: dict[str, int] = {}
        self.is_done = False
        kept = json.loads((TREE / "mutmut-stats.json").read_text())
        self.tests: dict[str, list[str]] = kept["tests_by_mangled_function_name"]
        self.seconds: dict[str, float] = kept["duration_by_test"]

    def pytest_configure(self) -> None:
        """Fewer examples: a property that needs a hundred to see a mutant is a poor one."""
        # Not before pytest, which would rewrite it.
        from hypothesis import HealthCheck, Phase, settings  # noqa: PLC0415  it comes too early above

        settings.register_profile(
            "mutants",
            max_examples=30,
            phases=[Phase.explicit, Phase.generate],
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        running: dict[int, str] = {}
        # What was computed while tests were imported is no mutant's.
        for kept in gc.get_objects():
            is_cache = isinstance(kept, functools._lru_cache_wrapper)  # noqa: SLF001  its one name
            if is_cache and kept.__module__.startswith("services.api.core"):
                kept.cache_clear()
        gc.freeze()
        saved = time.monotonic()
        for count, name in enumerate(self.mutants, start=1):
            if len(running) >= self.children:
                self.wait(running)
            tests = self.tests_of(name, items)
            if tests:
                running[self.start(name, tests)] = name
            else:
                self.found[name] = NO_TESTS
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                saved = time.monotonic()
                self.save()
                sys.stderr.write(f"{count} of {len(self.mutants)}: {name}\n")
        while running:
            self.wait(running)
        self.save()
        self.is_done = True
        return True

    def tests_of(self, name: str, items: dict[str, pytest.Item]) -> list[pytest.Item]:
        named = self.tests.get(name.partition("__mutmut_")[0], [])
        here = [test for test in named if test in items]
        # Its own file first; then those that see the whole of a document.
        own = (f"{TESTS}/test_{self.file_of[name].name}", f"{TESTS}/test_written.py")
        here.sort(key=lambda test: (not test.startswith(own), self.seconds.get(test, 0)))
        chosen, spent = [], 0.0
        for test in here:
            if not test.startswith(own):
                spent += self.seconds.get(test, 0)
                if spent > self.budget:
                    break
            chosen.append(items[test])
        return chosen

    def start(self, name: str, tests: list[pytest.Item]) -> int:
        expected = sum(self.seconds.get(test.nodeid, 0) for test in tests)
        child = os.fork()
        if child:
            return child
        limit = int(PATIENCE_SECONDS + PATIENCE_FACTOR * expected)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        os._exit(run_mutant(name, tests))

    def wait(self, running: dict[int, str]) -> None:
        child, status = os.wait()
        name = running.pop(child)
        code = os.waitstatus_to_exitcode(status)
        # A child ended by a signal ran out of time or of memory: the mutant was seen.
        self.found[name] = SLOW if code < 0 else code

    def save(self) -> None:
        for file in {self.file_of[name].name: self.file_of[name] for name in self.found}.values():
            file.save({name: v for name, v in self.found.items() if self.file_of[name] is file})
        self.found.clear()


def run_mutant(name: str, tests: list[pytest.Item]) -> int:
    os.environ["MUTANT_UNDER_TEST"] = name
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    try:
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            run_test(test, following)
    except BaseException:  # noqa: BLE001  whatever a mutant brings about, it was seen
        return KILLED
    return SURVIVED


def run_test(test: pytest.Item, following: pytest.Item | None) -> None:
    """What pytest does for a test, without the reports, which cost more than the test."""
    assert isinstance(test, pytest.Function)
    test._initrequest()  # noqa: SLF001  as `runtestprotocol` does
    state = test.session._setupstate  # noqa: SLF001  the same
    with contextlib.suppress(pytest.skip.Exception):
        state.setup(test)
        test.runtest()
    state.teardown_exact(following)


def word_for(verdict: int | None) -> str:
    if verdict is None:
        return "untried"
    return {SURVIVED: "survived", NO_TESTS: "no tests", 5: "no tests", SLOW: "slow"}.get(
        verdict, "killed"
    )


def show(files: list[MutatedFile], chosen: frozenset[str], asked: argparse.Namespace) -> int:
    """The table by file; fails where fewer are killed than wanted."""
    columns = ["killed", "slow", "survived", "no tests", "untried"]
    totals = dict.fromkeys(columns, 0)
    print_row(["", *columns, "share"])
    for file in files:
        words = [word_for(verdict) for name, verdict in file.verdicts.items() if name in chosen]
        if words:
            counts = {column: words.count(column) for column in columns}
            print_row([file.name, *map(str, counts.values()), share_of(counts)])
            totals = {column: totals[column] + counts[column] for column in columns}
    print_row(["all", *map(str, totals.values()), share_of(totals)])
    if asked.survivors:
        sys.stdout.writelines(f"{name}\n" for name in living(files, chosen))
    seen = totals["killed"] + totals["slow"]
    tried = sum(totals.values()) - totals["untried"]
    if tried and (asked.sample or totals["untried"]):
        low, high = interval(seen, tried)
        sys.stdout.write(f"of all, with 95 % sureness, between {low:.1f} and {high:.1f} %\n")
    return 0 if seen * 100 >= WANTED_PERCENT * tried else 1


def share_of(counts: dict[str, int]) -> str:
    tried = sum(counts.values()) - counts["untried"]
    seen = counts["killed"] + counts["slow"]
    return f"{seen * 1000 // tried / 10} %" if tried else "-"


def print_row(cells: Iterable[str]) -> None:
    first, *rest = cells
    sys.stdout.write(f"{first:<24}" + "".join(f"{cell:>10}" for cell in rest) + "\n")


def interval(seen: int, tried: int) -> tuple[float, float]:
    """Wilson's, in percent: what share of the whole a sample of chance speaks for."""
    share, deviations = seen / tried, 1.96
    spread = deviations**2 / tried
    middle = share + spread / 2
    reach = deviations * math.sqrt(share * (1 - share) / tried + spread / (4 * tried))
    return 100 * (middle - reach) / (1 + spread), 100 * (middle + reach) / (1 + spread)


def living(files: list[MutatedFile], chosen: frozenset[str]) -> Iterator[str]:
    for file in files:
        for name, verdict in file.verdicts.items():
            if name in chosen and word_for(verdict) in {"survived", "no tests"}:
                yield f"{name}: {word_for(verdict)}"


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
