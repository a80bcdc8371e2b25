"""Defects of one line in how Pinduoduo is read."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.ingest.core.readers import pinduoduo as reader
from services.ingest.sources import pinduoduo
from services.ingest.sources.reading import Reading
from services.schema.shapes.feeds import Known
from services.schema.words import FactKind
from tests.simulation.patches import Patch


def asked_too_soon(patch: Patch) -> None:
    """Pinduoduo tells nothing of the last three minutes."""
    streams = pinduoduo.PinduoduoSource.streams
    without = {kind: replace(s, lag=timedelta(0)) for kind, s in streams.items()}
    patch(pinduoduo.PinduoduoSource, "streams", without)


def filled_for_ever(patch: Patch) -> None:
    """What is found by its confirmation is never heard of again."""
    read = pinduoduo.PinduoduoSource.read

    async def fill(self: Any, kind: Any, window: Any) -> Reading:
        return await read(self, kind, replace(window, filling=True))

    patch(pinduoduo.PinduoduoSource, "read", fill)


def refund_of_its_last_change(patch: Patch) -> None:
    """When money went back Pinduoduo does not say: the day moves with whatever comes after it."""
    refund = reader._refund

    def forget(row: Any, origin: Any, known: Known) -> Any:
        return refund(row, origin, replace(known, refunds={}))

    patch(reader, "_READERS", {**reader._READERS, FactKind.REFUNDS: forget})
