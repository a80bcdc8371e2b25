"""Plays the full quarter once, and keeps the company and its feed as this release's golden one."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from services.cli.archives import export_tenant
from services.door.logs import configure_logs
from tests.databases import copied_database, make_folder, remove_folder, start_server
from tests.figures import Figures
from tests.golden.releases import READ, Release
from tests.real.doors import open_doors
from tests.story.quarters import settle_in
from tests.story.test_full_quarter import (
    a_disputed_rating,
    a_late_refund,
    calibrated_and_approved,
    corrected_two_months_later,
    live_scores,
    pulled_while_more_is_published,
)


async def keep(release: Release) -> None:
    """Write the release's folder, which may not be there."""
    configure_logs("WARNING")
    release.file.parent.mkdir()
    place = make_folder()
    try:
        server = await asyncio.to_thread(start_server, place)
        with copied_database(server, "golden") as database, tempfile.TemporaryDirectory() as keys:
            async with open_doors(database, Path(keys)) as doors:
                tenant = await doors.make_tenant("青禾", currency="CNY", timezone="Asia/Shanghai")
                story = await settle_in(tenant)
                await live_scores(story)
                await a_late_refund(story)
                await a_disputed_rating(story)
                await calibrated_and_approved(story)
                await pulled_while_more_is_published(story, Figures([]))
                await corrected_two_months_later(story, Figures([]))
                headers = {"Authorization": f"Bearer {tenant.keys['admin']}"}
                answers = {
                    path: (await tenant.api.get(path, headers=headers)).text for path in READ
                }
            code = f"real-{tenant.number}"
            await export_tenant(database.dsn("kaohe_migrate"), code, release.file)
    finally:
        remove_folder(place)
    text = json.dumps(answers, ensure_ascii=False, indent=1)
    release.answers_file.write_text(f"{text}\n", encoding="utf-8")
    release.file.chmod(0o644)  # made up from the first row to the last: no secret


if __name__ == "__main__":
    asyncio.run(keep(Release(sys.argv[1])))
