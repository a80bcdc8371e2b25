"""The process tree, with real processes that are really killed."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from services.local.processes import (
    ROOT,
    AlreadyRunning,
    Patience,
    ProcessFailed,
    Program,
    answers,
    free_port,
    only_one,
    stop_signals,
    supervise,
)

QUICK = Patience(grace_seconds=0.5, first_pause_seconds=0.1)


def program(
    tmp_path: Path, name: str, *, habit: str = "good", ready_seconds: float = 20
) -> Program:
    port = free_port()

    async def is_ready() -> bool:
        return await answers(port, "/")

    return Program(
        name=name,
        module="tests.local.pretend",
        arguments=[str(tmp_path / f"{name}.diary"), str(port), habit],
        is_ready=is_ready,
        ready_seconds=ready_seconds,
    )


def diary(tmp_path: Path, name: str) -> list[str]:
    return [line.split()[0] for line in (tmp_path / f"{name}.diary").read_text().splitlines()]


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_started_in_order_and_stopped_in_reverse(tmp_path: Path) -> None:
    told: list[str] = []
    together = tmp_path / "together.diary"
    async with supervise(tmp_path / "log", tell=told.append, patience=QUICK) as children:
        ports = []
        for number in range(2):
            each = program(tmp_path, "together")
            named = Program(
                name=f"p{number}",
                module=each.module,
                arguments=each.arguments,
                is_ready=each.is_ready,
            )
            await children.start(named)
            assert await each.is_ready()
            ports.append(each.arguments[1])
    words = [line.split()[:2] for line in together.read_text().splitlines()]
    first, second = ports
    assert words == [
        ["start", first],
        ["start", second],
        *([word, second] for word in ("told", "end")),
        *([word, first] for word in ("told", "end")),
    ]
    assert told == []


async def test_a_killed_child_starts_again(tmp_path: Path) -> None:
    told: list[str] = []
    one = program(tmp_path, "one")
    async with supervise(tmp_path / "log", tell=told.append, patience=QUICK) as children:
        await children.start(one)
        before = children.process_id("one")
        os.kill(before, signal.SIGKILL)
        await until(lambda: diary(tmp_path, "one") == ["start", "start"])
        after = children.process_id("one")
        assert after != before
        assert is_alive(after)
        os.kill(after, signal.SIGKILL)
        await until(lambda: len(told) == 2)
    assert told == [
        "one was ended by SIGKILL; it starts again in 0.1 s.",
        "one was ended by SIGKILL; it starts again in 0.2 s.",
    ]


async def test_a_child_that_will_not_end_is_killed(tmp_path: Path) -> None:
    async with supervise(tmp_path / "log", tell=print, patience=QUICK) as children:
        await children.start(program(tmp_path, "one", habit="stubborn"))
        process = children.process_id("one")
    assert diary(tmp_path, "one") == ["start", "told"]
    assert not is_alive(process)


async def test_a_child_that_fails_is_quoted_and_the_others_are_stopped(tmp_path: Path) -> None:
    async with supervise(tmp_path / "log", tell=print, patience=QUICK) as children:
        await children.start(program(tmp_path, "one"))
        with pytest.raises(ProcessFailed, match=r"(?s)two ended with status 3\..*no such luck"):
            await children.start(program(tmp_path, "two", habit="fail"))
    assert diary(tmp_path, "one") == ["start", "told", "end"]


async def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    one = program(tmp_path, "one")
    late = Program(
        name="one", module=one.module, arguments=one.arguments, is_ready=never, ready_seconds=0.5
    )
    async with supervise(tmp_path / "log", tell=print, patience=QUICK) as children:
        with pytest.raises(ProcessFailed, match="one was not ready in time"):
            await children.start(late)
    assert diary(tmp_path, "one")[-1] == "end"


async def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    port = free_port()
    script = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from services.local.processes import Program, answers, supervise

        async def main():
            async with supervise(Path({str(tmp_path)!r}), tell=print) as children:
                await children.start(Program(
                    name="one",
                    module="tests.local.pretend",
                    arguments=[{str(tmp_path / "one.diary")!r}, "{port}", "good"],
                    is_ready=lambda: answers({port}, "/"),
                ))
                await asyncio.sleep(60)

        asyncio.run(main())
    """)
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as supervisor:
        try:
            written = tmp_path / "one.diary"
            await until(lambda: written.exists() and len(written.read_text().split()) > 2, 30)
            child = int(written.read_text().split()[2])
            assert is_alive(child)
        finally:
            supervisor.kill()
    await until(lambda: diary(tmp_path, "one") == ["start", "told", "end"])
    await until(lambda: not is_alive(child))


async def test_signals_are_heard() -> None:
    async with stop_signals() as told:
        assert not told.is_set()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(told.wait(), 5)


def test_only_one_works_in_a_folder(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(AlreadyRunning), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


async def test_a_closed_port_answers_nothing() -> None:
    assert not await answers(free_port(), "/")
