"""The sandbox as a program: it listens on loopback, and only a test may make things go wrong."""

import asyncio
import sys
from datetime import timedelta

import httpx
import pytest

from sandbox.app import make_app
from sandbox.lives import midnight
from sandbox.taobao import PATH as TAOBAO_PATH
from services.local.processes import free_port
from tests.sandbox.test_company import TODAY

NOW = midnight(TODAY) + timedelta(hours=12)


def client_of(*, control: bool) -> httpx.AsyncClient:
    app = make_app(lambda: NOW, control=control)
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://sandbox")


async def test_only_post_is_answered_and_refusals_are_two_hundred() -> None:
    async with client_of(control=False) as client:
        assert (await client.get(TAOBAO_PATH)).status_code == 405
        answer = await client.post(TAOBAO_PATH, data={"format": "json"})
        assert answer.status_code == 200
        assert answer.json()["error_response"]["code"] == 21
        assert (await client.get("/health/live")).json() == {"status": "ok"}


async def test_the_control_surface_is_there_for_tests_alone() -> None:
    fault = [{"kind": "garbage", "detail": "<html>", "times": 2}]
    async with client_of(control=False) as client:
        assert (await client.post("/control/faults", json=fault)).status_code == 404
    async with client_of(control=True) as client:
        assert (await client.post("/control/faults", json=fault)).status_code == 204
        assert (await client.post(TAOBAO_PATH, data={"method": "m"})).text == "<html>"
        assert (await client.delete("/control/faults")).status_code == 204
        answer = await client.post(TAOBAO_PATH, data={"method": "m", "format": "json"})
        assert "error_response" in answer.json()
        calls = (await client.get("/control/calls")).json()
        assert calls == [["m", "", "garbage"], ["m", "", "28"]]


async def answering(client: httpx.AsyncClient) -> None:
    """Wait until somebody listens."""
    async with asyncio.timeout(20):
        while True:
            try:
                await client.get("/health/live")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return


@pytest.mark.parametrize("now", [None, "2026-11-22T12:00:00+08:00"])
async def test_the_program_listens_on_loopback(now: str | None) -> None:
    port = free_port()
    clock = ["--now", now] if now else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", str(port), *clock
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await answering(client)
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.post("/control/faults")).status_code == 404
    finally:
        process.terminate()
        await process.wait()
