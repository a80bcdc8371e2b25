"""Runs migrations in one transaction each, one runner at a time, as the owner of all tables."""

import asyncio

from alembic import context
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.schema.tables import metadata

_LOCK = 0x6B616F6865  # one number for all runners: "kaohe"


def _migrate(connection: Connection) -> None:
    connection.exec_driver_sql("SET lock_timeout = '4s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.commit()
    try:
        context.configure(
            connection=connection, target_metadata=metadata, transaction_per_migration=True
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
        connection.commit()


async def _run() -> None:
    dsn = context.config.attributes["dsn"]
    engine = create_async_engine(
        make_url(dsn).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
