"""A tree of child processes: started in order, watched, started again when killed, stopped in
reverse, and never left behind.
"""

import asyncio
import contextlib
import fcntl
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.local.settings import inherited_environment

ROOT = Path(__file__).resolve().parents[2]
READY_PAUSE_SECONDS = 0.05
LOG_BYTES = 10 * 1024 * 1024
LAST_LINES = 20


class ProcessFailed(Exception):
    """A child process did not become ready; the end of its log is in the message."""


class AlreadyRunning(Exception):
    """Another process tree works in the same folder."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A Python module to run, what its environment has on top of ours, and when it is ready."""

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[], Awaitable[bool]]
    ready_seconds: float = 300
    """Long, for a machine that is busy: one that ends is noticed at once."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    grace_seconds: float = 20
    """Between asking a process to end and killing it."""
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30
    """Pauses before a new start double up to this one."""
    steady_seconds: float = 60
    """A process that ran so long begins with the first pause again."""


class Children:
    """The running tree."""

    def __init__(self, logs: Path, patience: Patience, tell: Callable[[str], None]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._patience = patience
        self._tell = tell
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []

    def process_id(self, name: str) -> int:
        return self._running[name].pid

    async def start(self, program: Program) -> None:
        """Returns when it is ready; from then on it is started again whenever it ends."""
        await self._spawn(program)
        await self._until_ready(program)
        self._watchers.append(asyncio.create_task(self._watch(program)))

    async def stop(self) -> None:
        """The last started first, each with time to finish what it is doing."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for name in reversed(self._running):
            await self._end(self._running[name])

    async def _spawn(self, program: Program) -> None:
        log = self._logs / f"{program.name}.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.rename(log.with_suffix(".log.1"))
        with log.open("ab") as file:
            self._running[program.name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.local.child"),
                *(program.module, *program.arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=file,
                stderr=file,
                env={**inherited_environment(), **program.environment},
                cwd=ROOT,
                # Ctrl-C is for us alone: we stop them, in order.
                start_new_session=True,
            )

    async def _until_ready(self, program: Program) -> None:
        process = self._running[program.name]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(program.ready_seconds):
                while process.returncode is None:
                    if await program.is_ready():
                        return
                    await asyncio.sleep(READY_PAUSE_SECONDS)
        fate = "was not ready in time" if process.returncode is None else _fate(process.returncode)
        raise ProcessFailed(f"{program.name} {fate}.\n{self._last_lines(program.name)}")

    async def _watch(self, program: Program) -> None:
        loop = asyncio.get_running_loop()
        pause = self._patience.first_pause_seconds
        while True:
            began = loop.time()
            code = await self._running[program.name].wait()
            if loop.time() - began > self._patience.steady_seconds:
                pause = self._patience.first_pause_seconds
            self._tell(f"{program.name} {_fate(code)}; it starts again in {pause:g} s.")
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._patience.longest_pause_seconds)
            await self._spawn(program)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(self._patience.grace_seconds):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _last_lines(self, name: str) -> str:
        text = (self._logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-LAST_LINES:])


@asynccontextmanager
async def supervise(
    logs: Path,
    *,
    tell: Callable[[str], None],
    patience: Patience | None = None,
) -> AsyncIterator[Children]:
    """An empty tree to start programs in; it is stopped whole when the block ends."""
    children = Children(logs, patience or Patience(), tell)
    try:
        yield children
    finally:
        await children.stop()


@asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """Set by Ctrl-C, by SIGTERM, or when the terminal is closed."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Two process trees must not share a folder; a killed one leaves no trace of itself."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "running").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"Kaohe is already running with its data in {folder}.") from None
        yield


def free_port() -> int:
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Each another: all are held until the last is found."""
    with contextlib.ExitStack() as held:
        found = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in found]


async def answers(port: int, path: str) -> bool:
    """Whether a GET of the path on this machine gives 200."""
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" % path.encode())
            writer.write(b"Connection: close\r\n\r\n")
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split(b" ")[1:2] == [b"200"]


def _fate(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with status {code}"
