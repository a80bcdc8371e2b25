"""Services and limits as processes of their own on free ports, stopped at the end."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.local.processes import Children, Program, answers, free_port, supervise

# What a process can do is measured with one key that never pauses, which no caller of ours is.
_WITHOUT_LIMITS = {
    f"KAOHE_LIMIT_{name}": "1000000000"
    for name in ("KEY_PER_SECOND", "KEY_BURST", "TENANT_PER_SECOND", "TENANT_BURST", "AT_ONCE")
}


@dataclass(frozen=True)
class Tree:
    """The running servers of one figure."""

    children: Children

    async def start(
        self,
        module: str,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        ready: str = "/health/ready",
    ) -> int:
        """Starts a module, waits until it answers, and gives its port."""
        port = free_port()
        environment = {"KAOHE_PORT": str(port), **_WITHOUT_LIMITS, **(environment or {})}
        program = Program(
            name=f"{module}-{port}",
            module=module,
            arguments=[text.replace("{port}", str(port)) for text in arguments],
            environment=environment,
            is_ready=partial(answers, port, ready),
        )
        await self.children.start(program)
        return port

    async def start_constant(self, size: int) -> int:
        """The bare server that always answers so many bytes."""
        return await self.start("bench.constants", arguments=("{port}", str(size)), ready="/")


@asynccontextmanager
async def servers(folder: Path) -> AsyncIterator[Tree]:
    async with supervise(folder / "logs", tell=print) as children:
        yield Tree(children)
