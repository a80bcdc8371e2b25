"""`kaohe`: what can be said on the command line. Each command imports what it needs and no more."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from services.cli import accounts, buyers, webhooks

app = typer.Typer(
    help="Scores people and teams of an e-commerce company from its own data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tenants = typer.Typer(
    help="Companies: made, written down, put back, deleted, by who runs the database.",
    no_args_is_help=True,
)
app.add_typer(tenants, name="tenant")
audits = typer.Typer(
    help="Audits: each tenant's chain walked, and its head as a line to keep elsewhere.",
    no_args_is_help=True,
)
app.add_typer(audits, name="audit")
TenantCode = Annotated[str, typer.Argument(metavar="CODE", help="What the tenant is known by.")]

app.add_typer(accounts.app, name="account")
app.add_typer(buyers.app, name="buyers")
app.add_typer(webhooks.app, name="webhook")


def main() -> None:
    """What can be helped by who typed it is one sentence; a mistake of ours shows its traces."""
    from services.cli.client import Refused
    from services.local.accounts import AccountFailed
    from services.local.binaries import NoBinaries
    from services.local.cluster import DatabaseFailed
    from services.local.processes import AlreadyRunning, ProcessFailed
    from services.schema.errors import KaoheError

    known = (AccountFailed, AlreadyRunning, DatabaseFailed, KaoheError, NoBinaries, ProcessFailed)
    try:
        app()
    except ValidationError as error:
        for fault in error.errors():
            name = "_".join(str(part) for part in fault["loc"]).upper()
            typer.echo(f"kaohe: KAOHE_{name}: {fault['msg']}", err=True)
        raise SystemExit(1) from None
    except (*known, Refused) as error:
        typer.echo(f"kaohe: {error}", err=True)
        raise SystemExit(1) from None
    except OSError as error:
        # A port that is taken, a disk that is full: the system's own words say it best.
        typer.echo(f"kaohe: {error.strerror or error}", err=True)
        raise SystemExit(1) from None


@app.command()
def run() -> None:
    """Start everything at http://127.0.0.1:8000 with a demo company, until Ctrl-C."""
    from services.cli.run import run as run_all
    from services.local.settings import LocalSettings

    run_all(LocalSettings())


@app.command()
def reset() -> None:
    """Forget all data of `kaohe run`."""
    from services.cli.reset import reset as reset_all
    from services.local.settings import LocalSettings

    reset_all(LocalSettings())


@app.command(name="migrate")
def migrate_database() -> None:
    """Bring the database of KAOHE_DSN to the newest version of the schema."""
    from services.local.settings import LocalSettings
    from services.schema.migrate import migrate

    migrate(LocalSettings().dsn_of("kaohe_migrate"))


@tenants.command(name="create")
def create_tenant(code: TenantCode) -> None:
    """Make a tenant, or a new admin key for one that is there; the key is shown once."""
    import asyncio

    from services.cli.operator import admin_key_of
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    number, key = asyncio.run(admin_key_of(dsn_here(LocalSettings(), "kaohe_migrate"), code))
    typer.echo(f"tenant {number}\n{key}")


@tenants.command(name="export")
def export_tenant(
    code: TenantCode, file: Annotated[Path, typer.Argument(help="A zip that is made.")]
) -> None:
    """Write a tenant down whole, as it is at one moment: rows, digests and the keys' hashes."""
    import asyncio

    from services.cli.archives import export_tenant as export
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    manifest = asyncio.run(export(dsn_here(LocalSettings(), "kaohe_migrate"), code, file))
    rows = sum(copied.rows for copied in manifest.copied)
    typer.echo(f"tenant {manifest.tenant}: {rows} rows of {len(manifest.copied)} tables in {file}")


@tenants.command(name="import")
def import_tenant(
    file: Annotated[Path, typer.Argument(help="What `kaohe tenant export` made.")],
) -> None:
    """Put a tenant back into a database without it, whole or not at all."""
    import asyncio

    from services.cli.archives import import_tenant as put_back
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    manifest = asyncio.run(put_back(dsn_here(LocalSettings(), "kaohe_migrate"), file))
    rows = sum(copied.rows for copied in manifest.copied)
    typer.echo(f"tenant {manifest.tenant} {manifest.code}: {rows} rows, the audit verifies")


@tenants.command(name="history")
def show_history() -> None:
    """What was done to whole tenants; ends with 1 if that is not what was written."""
    import asyncio

    from services.cli.archives import deeds
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    entries, first_bad = asyncio.run(deeds(dsn_here(LocalSettings(), "kaohe_migrate")))
    for entry in entries:
        typer.echo(f"{entry.at:%Y-%m-%dT%H:%M:%SZ} {entry.deed.action} {entry.deed.detail}")
    if first_bad is not None:
        typer.echo(f"kaohe: entry {first_bad} is not what was written", err=True)
        raise typer.Exit(1)


@tenants.command(name="delete")
def delete_tenant(
    code: TenantCode,
    name: Annotated[
        str | None, typer.Option(help="The tenant's name, instead of being asked for it.")
    ] = None,
) -> None:
    """Delete a tenant for ever, published results and audit included; asks for its name."""
    import asyncio

    from services.cli.archives import delete_tenant as delete
    from services.cli.archives import name_of
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    dsn = dsn_here(LocalSettings(), "kaohe_migrate")
    wanted = asyncio.run(name_of(dsn, code))
    said = name if name is not None else typer.prompt(f"Its name ({wanted}), to delete {code}")
    if said != wanted:
        raise typer.BadParameter(f"{code} is called {wanted}: nothing is deleted.")
    counts = asyncio.run(delete(dsn, code))
    for table, rows in counts.items():
        typer.echo(f"{table}: {rows} rows")
    typer.echo(f"tenant {code} is gone: {sum(counts.values())} rows of {len(counts)} tables")


@app.command()
def pull() -> None:
    """Pull every feed that is due, once."""
    from services.cli.pulling import pull_with_bar

    pull_with_bar()


@app.command(name="import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="An export: CSV, XLSX or XLS.", exists=True, dir_okay=False)
    ],
    mapping: Annotated[str, typer.Option(help="How it is read: GET /v1/mappings lists them.")],
    shop: Annotated[str | None, typer.Option(help="Whose the rows are that name no shop.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would become of it.")
    ] = False,
    stated_at: Annotated[
        datetime | None,
        typer.Option(help="When it was written; the file's own time unless stated."),
    ] = None,
) -> None:
    """Bring a file's rows to Kaohe by a mapping; 1 if any is refused, or would be."""
    from services.cli.importing import import_file as bring

    refused = bring(file, mapping, shop, check=check, stated_at=stated_at)
    raise typer.Exit(1 if refused else 0)


@app.command()
def backfill(
    start: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"])] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Exclusive.")
    ] = None,
    shop: Annotated[str | None, typer.Option(help="One shop; all unless stated.")] = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="The days that feeds lack.")] = False,
) -> None:
    """Read again exactly these days from the marketplaces, or exactly those that are missing.

    Given again after it was broken off, it goes on from where it was.
    """
    from services.cli.pulling import backfill_with_bar

    if gaps and start is None and end is None:
        backfill_with_bar(None, shop)
    elif not gaps and start is not None and end is not None:
        backfill_with_bar((start.date(), end.date()), shop)
    else:
        raise typer.BadParameter("Name --from and --to, or --gaps.")


@app.command()
def recompute(
    published: Annotated[
        bool, typer.Option("--published", help="Every card that is published, of every tenant.")
    ] = False,
    tenant: Annotated[str | None, typer.Option(help="One tenant; all unless stated.")] = None,
) -> None:
    """Compute published cards again; what differs is put down as a drift, nothing is edited.

    What came late and was not accepted is no drift: its cards are counted apart. What cannot be
    read is named, the rest is computed, and the command ends with 1.
    """
    import asyncio

    from services.cli.operator import recompute_published
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    if not published:
        raise typer.BadParameter("live cards are kept up by themselves: say --published")
    dsn = dsn_here(LocalSettings(), "kaohe_migrate")
    found = asyncio.run(recompute_published(dsn, tenant))
    for each in found:
        late = f", {each.late} without facts that came late" if each.late else ""
        typer.echo(
            f"tenant {each.tenant} {each.cycle}: {each.cards} computed,"
            f" {each.drifts} new drifts{late}"
        )
        for what in each.unreadable:
            typer.echo(f"tenant {each.tenant} {each.cycle}: {what}", err=True)
    if any(each.unreadable for each in found):
        raise typer.Exit(1)


@app.command()
def reconcile(
    start: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"])],
    end: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Exclusive.")],
    shop: Annotated[str | None, typer.Option(help="One shop; all unless stated.")] = None,
) -> None:
    """Hold our days against what marketplaces and tools state, each difference by cause."""
    from services.cli.reconciling import reconcile_and_show

    reconcile_and_show((start.date(), end.date()), shop)


@app.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="A saved answer of .../receipt.")],
    keys: Annotated[
        Path | None, typer.Option(help="A saved answer of GET /v1/receipt-keys.")
    ] = None,
) -> None:
    """Recompute a receipt offline: 0 it agrees, 1 it does not, 2 it cannot be read."""
    from services.verify.programs import verify as verify_receipt

    raise typer.Exit(verify_receipt(receipt, keys))


@audits.command(name="verify")
def verify_audits(
    tenant: Annotated[str | None, typer.Option(help="One tenant; all unless stated.")] = None,
    head: Annotated[
        Path | None, typer.Option(help="Kept lines of `kaohe audit head`, of any days.")
    ] = None,
) -> None:
    """Walk every chain from its first entry: 1 where one is not as it was written.

    Against kept heads also a chain is found that somebody has written anew from an entry on.
    """
    import asyncio

    from services.api.core.audit import NoHead, read_heads
    from services.cli.auditing import verify_audits as verify_all
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    try:
        kept = read_heads("" if head is None else head.read_text(encoding="utf-8"))
    except (NoHead, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{head}: {error}") from None
    dsn = dsn_here(LocalSettings(), "kaohe_migrate")
    verdicts = asyncio.run(verify_all(dsn, tenant, kept))
    for each in verdicts:
        typer.echo(str(each), err=not each.is_good)
    if not all(each.is_good for each in verdicts):
        raise typer.Exit(1)


@audits.command(name="head")
def show_heads(
    tenant: Annotated[str | None, typer.Option(help="One tenant; all unless stated.")] = None,
) -> None:
    """Say how each audit ends, as lines of JSON: kept elsewhere, they hold it to what it was."""
    import asyncio

    from services.cli.auditing import read_audit_heads
    from services.local.here import dsn_here
    from services.local.settings import LocalSettings

    lines = asyncio.run(read_audit_heads(dsn_here(LocalSettings(), "kaohe_migrate"), tenant))
    typer.echo("".join(lines), nl=False)


@app.command(name="rotate-receipt-key")
def rotate_receipt_key(
    file: Annotated[Path, typer.Argument(help="The KAOHE_RECEIPT_KEY_FILE of the api.")],
) -> None:
    """Sign receipts with a new key from the api's next start on; the old one stays published."""
    from services.door.signing_keys import key_id, rotate_signing_keys

    known = rotate_signing_keys(file).public
    typer.echo(f"signs: {key_id(known[0])}\nretired: {' '.join(map(key_id, known[1:]))}")


@app.command()
def contracts() -> None:
    """Write openapi/ from the code."""
    from services.cli.contracts import write_contracts

    write_contracts()


@app.command()
def examples() -> None:
    """Write docs/examples/ from the code: every template worked through."""
    from services.cli.examples import write_examples

    write_examples()
