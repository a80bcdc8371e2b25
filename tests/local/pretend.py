"""A child process for the supervisor's tests: it writes down its life, and serves one port."""

import asyncio
import os
import signal
import sys
from pathlib import Path


async def main(diary: Path, port: int, habit: str) -> None:
    def note(word: str) -> None:
        with diary.open("a") as file:
            file.write(f"{word} {port} {os.getpid()}\n")

    if habit == "fail":
        sys.stderr.write("no such luck\n")
        sys.exit(3)
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    note("start")
    async with server:
        await told.wait()
        note("told")
        if habit == "stubborn":
            await asyncio.sleep(60)
    note("end")


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
