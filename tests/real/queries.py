"""The published files in tables of their own, asked in plain SQL: what the product must agree with.

Nothing here knows the product. Each query is first compared with the truth tables, which give only
a part of the periods, and then stands in for them over the whole span.
"""

import gzip
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, BinaryIO, cast

import asyncpg

from tests.real.published import read_rows

Row = dict[str, Any]
SIX = Decimal("0.000001")

_TABLES = {
    "online_retail/online_retail.csv.gz": """CREATE TABLE raw.line (
        invoice_no text COLLATE "C", stock_code text, description text, quantity integer,
        invoice_date timestamp, unit_price numeric, customer_id integer, country text)""",
    "adventureworks_dw/FactSalesQuota.csv.gz": """CREATE TABLE raw.quota (
        sales_quota_key integer, employee_key integer, date_key integer, calendar_year integer,
        calendar_quarter integer, amount numeric, date timestamp)""",
    "adventureworks_dw/FactResellerSales.csv.gz": """CREATE TABLE raw.sale (
        product_key integer, order_date_key integer, due_date_key integer, ship_date_key integer,
        reseller_key integer, employee_key integer, promotion_key integer, currency_key integer,
        sales_territory_key integer, sales_order_number text, sales_order_line_number integer,
        revision_number integer, order_quantity integer, unit_price numeric,
        extended_amount numeric, unit_price_discount_pct numeric, discount_amount numeric,
        product_standard_cost numeric, total_product_cost numeric, sales_amount numeric,
        tax_amount numeric, freight numeric, order_date timestamp, due_date timestamp,
        ship_date timestamp)""",
    "adventureworks_dw/FactProductInventory.csv.gz": """CREATE TABLE raw.stock (
        product_key integer, date_key integer, day date, unit_cost numeric, units_in integer,
        units_out integer, units_balance integer)""",
    "store_visits/hits.csv.gz": """CREATE TABLE raw.hit (
        visit_number integer, visit_id text COLLATE "C", visit_start_time text, visit_date text,
        full_visitor_id text COLLATE "C", channel_grouping text, units_sold integer,
        page_views integer, time_on_site integer, bounces integer, revenue numeric,
        unit_price numeric)""",
}

_GIFT_SHOP = """
    WITH documents AS (
        SELECT invoice_no, customer_id, country, invoice_date::date AS day,
            CASE WHEN invoice_no LIKE 'C%' THEN 'return'
                WHEN invoice_no ~ '^[0-9]+$' AND quantity > 0 AND unit_price > 0 THEN 'sale'
            END AS kind, sum(quantity * unit_price) AS amount, sum(quantity) AS pieces
        FROM raw.line GROUP BY 1, 2, 3, 4, 5),
    sums AS (
        SELECT {columns},
            coalesce(sum(amount) FILTER (WHERE kind = 'sale'), 0) AS gross_sales,
            coalesce(-sum(amount) FILTER (WHERE kind = 'return'), 0) AS returned_amount,
            count(DISTINCT invoice_no) FILTER (WHERE kind = 'sale') AS orders,
            count(DISTINCT invoice_no) FILTER (WHERE kind = 'return') AS credit_notes,
            coalesce(sum(pieces) FILTER (WHERE kind = 'sale'), 0) AS units_sold,
            coalesce(-sum(pieces) FILTER (WHERE kind = 'return'), 0) AS units_returned,
            count(DISTINCT customer_id) FILTER (WHERE kind = 'sale') AS buyers
        FROM documents GROUP BY {keys})
    SELECT *, gross_sales - returned_amount AS net_sales,
        returned_amount / nullif(gross_sales, 0) AS return_rate,
        gross_sales / nullif(orders, 0) AS average_order_value
    FROM sums ORDER BY {keys}
"""
GIFT_SHOP_DAYS = _GIFT_SHOP.format(columns="day", keys="1")
GIFT_SHOP_MONTHS = _GIFT_SHOP.format(columns="date_trunc('month', day)::date AS month", keys="1")
GIFT_SHOP_COUNTRIES = _GIFT_SHOP.format(
    columns="date_trunc('month', day)::date AS month, country", keys="1, 2"
)
GIFT_SHOP_BUYERS = """
    WITH bought AS (
        SELECT customer_id, date_trunc('month', invoice_date)::date AS month,
            count(DISTINCT invoice_no) AS invoices
        FROM raw.line
        WHERE invoice_no ~ '^[0-9]+$' AND quantity > 0 AND unit_price > 0
            AND customer_id IS NOT NULL
        GROUP BY 1, 2),
    ordered AS (
        SELECT *, min(month) OVER (PARTITION BY customer_id) AS first_month FROM bought)
    SELECT month,
        count(*) FILTER (WHERE month = first_month) AS new_buyers,
        count(*) FILTER (WHERE month > first_month) AS returning_buyers,
        count(*) FILTER (WHERE invoices >= 2)::numeric / count(*) AS repurchase_rate_in_month,
        count(*) FILTER (WHERE month > first_month)::numeric / count(*) AS returning_buyer_share
    FROM ordered GROUP BY 1 ORDER BY 1
"""

BICYCLE_WINDOWS = """
    WITH windows AS (
        SELECT employee_key, amount AS quota, date::date AS window_start,
            coalesce(lead(date::date) OVER (PARTITION BY employee_key ORDER BY date),
                '2013-12-29') AS window_end
        FROM raw.quota),
    sums AS (
        SELECT window_start, windows.employee_key, window_end, quota,
            coalesce(sum(sales_amount), 0) AS sales,
            count(DISTINCT sales_order_number) AS orders,
            coalesce(sum(order_quantity), 0) AS units,
            coalesce(sum(sales_amount - total_product_cost), 0) AS gross_margin
        FROM windows LEFT JOIN raw.sale ON sale.employee_key = windows.employee_key
            AND order_date >= window_start AND order_date < window_end
        GROUP BY 1, 2, 3, 4)
    SELECT window_start, employee_key, window_end, quota, sales, sales / quota AS attainment,
        orders, units, gross_margin,
        rank() OVER (PARTITION BY window_start ORDER BY sales DESC) AS rank_by_sales,
        rank() OVER (PARTITION BY window_start ORDER BY sales / quota DESC) AS rank_by_attainment
    FROM sums ORDER BY 1, 2
"""
BICYCLE_STOCK = """
    WITH days AS (
        SELECT day, count(*) AS skus, count(*) FILTER (WHERE units_balance <= 0) AS skus_out,
            sum(units_balance * unit_cost) AS value, sum(units_out * unit_cost) AS issued
        FROM raw.stock GROUP BY 1)
    SELECT to_char(day, 'YYYY-MM') AS month, sum(skus_out) / sum(skus) AS stockout_rate,
        sum(skus_out)::bigint AS skus_out, sum(skus)::bigint AS skus,
        sum(issued) / avg(value) AS turns, avg(value) AS mean_value
    FROM days GROUP BY 1 ORDER BY 1
"""
# Also of months in which orders were only shipped: there is trade in them, and no cost.
BICYCLE_COST = """
    SELECT to_char(day, 'YYYY-MM') AS month, sum(cost) AS cost
    FROM (
        SELECT order_date AS day, total_product_cost AS cost FROM raw.sale
        UNION ALL SELECT ship_date, 0 FROM raw.sale
    ) AS events
    GROUP BY 1 ORDER BY 1
"""

_VISITS = """
    WITH visits AS (
        SELECT full_visitor_id, visit_id, visit_date::date AS day, min(visit_number) AS ordinal,
            min(channel_grouping) AS channel, max(page_views) AS pages,
            max(time_on_site) AS seconds, coalesce(max(bounces), 0) AS bounces,
            bool_or(coalesce(units_sold, 0) > 0)::integer AS converting
        FROM raw.hit GROUP BY 1, 2, 3)
    SELECT {day} AS {name}, channel, count(*) AS visits,
        count(*) FILTER (WHERE ordinal = 1) AS new_visits,
        avg((ordinal = 1)::integer) AS new_visit_share,
        sum(bounces) AS bounces, avg(bounces) AS bounce_rate,
        coalesce(sum(pages), 0) AS page_views, avg(pages) AS mean_page_views,
        avg(seconds) AS mean_seconds_on_site,
        sum(converting) AS converting_visits, avg(converting) AS conversion_rate
    FROM visits GROUP BY 1, 2 ORDER BY 1, 2
"""
VISIT_DAYS = _VISITS.format(day="day", name="day")
VISIT_MONTHS = _VISITS.format(day="date_trunc('month', day)::date", name="month")


async def load(connection: asyncpg.Connection, data: Path, folder: str) -> None:
    """The files of a data set as tables of the schema `raw`."""
    await connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    for file, definition in _TABLES.items():
        if not file.startswith(f"{folder}/"):
            continue
        await connection.execute(definition)
        table = definition.split("raw.")[1].split(" ")[0]
        with gzip.open(data / file) as source:
            await connection.copy_to_table(
                table,
                schema_name="raw",
                source=cast("BinaryIO", source),
                format="csv",
                header=True,
            )


async def ask(connection: asyncpg.Connection, query: str) -> list[Row]:
    return [dict(row) for row in await connection.fetch(query)]


def given(data: Path, table: str) -> list[dict[str, str]]:
    """The truth table's rows, as they are written."""
    return list(read_rows(data / "truth" / f"{table}.csv"))


def differences(
    truth: list[dict[str, str]], computed: list[Row], key: tuple[str, ...]
) -> list[str]:
    """Each cell of the truth that a query gives otherwise, to the last digit that is written."""
    by_key = {tuple(str(row[name]) for name in key): row for row in computed}
    found: list[str] = []
    for row in truth:
        place = tuple(row[name] for name in key)
        ours = by_key.get(place)
        for name, text in row.items():
            if ours is None or not same(text, ours.get(name)):
                found.append(f"{place} {name}: {text} is given, {ours and ours.get(name)} computed")
    return found


def same(text: str, value: object) -> bool:
    """Whether a figure, rounded half up to the 6 decimals that are given, is the one written."""
    if isinstance(value, int | Decimal):
        return bool(text) and abs(Decimal(text) - value) <= SIX / 2
    return text == ("" if value is None else str(value))


def rounded(value: Decimal) -> Decimal:
    """A figure as it is served: half up to 6 decimals."""
    return value.quantize(SIX, ROUND_HALF_UP)
