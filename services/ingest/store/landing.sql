-- How a chunk of staged rows becomes facts. Names in braces are of one kind of fact: {facts} its
-- table, {stage} the rows as posted, {old} the rows that stood before, {key} what a source knows a
-- fact by. Right only while one transaction at a time holds the lane of the kind.

-- name: is_made
SELECT bool_and(to_regclass('pg_temp.' || name) IS NOT NULL) FROM unnest($1::text[]) AS name

-- name: make
-- Kept per connection; the columns are the table's own, and the row's number in its batch.
CREATE TEMP TABLE IF NOT EXISTS {table} ON COMMIT DELETE ROWS AS
SELECT 0 AS row, {columns} FROM {facts} WITH NO DATA

-- name: make_touched
CREATE TEMP TABLE IF NOT EXISTS touched ON COMMIT DELETE ROWS AS
SELECT day, shop, unit, employee FROM touched_days WITH NO DATA

-- name: is_filled
SELECT EXISTS (SELECT FROM {stage}) OR EXISTS (SELECT FROM {old})

-- name: empty
TRUNCATE {stage}, {old}

-- name: leading
-- The columns that lead the key and suffice to find its rows, each as an array.
SELECT {arrays} FROM {stage}

-- name: keep_times
-- A file says when it was written, not when its rows were: one that says what is stored already is
-- no newer than that.
UPDATE {stage} AS s
SET modified_at = t.modified_at
FROM {facts} AS t
WHERE t.tenant_id = $1 AND {t.k=any} AND {t.key=s.key}
    AND t.content = s.content AND t.modified_at < s.modified_at

-- name: remember
-- The stored rows of the staged keys. The arrays come as parameters: they lead to the primary key,
-- and where the planner believes otherwise, to one pass over the tenant's rows with a look into
-- their hash; never to a pass for each staged row.
INSERT INTO {old} (row, {columns})
SELECT 0, {t.columns}
FROM {facts} AS t
WHERE t.tenant_id = $1 AND {t.k=any} AND ({t.key}) IN (SELECT {key} FROM {stage})

-- name: count
SELECT count(*) FROM {stage}

-- name: judge
-- Each row against what stands when its turn comes: the newest of the stored row and of the rows of
-- the same key before it. Only the rows that stand at the end stay staged.
WITH read AS (
    SELECT
        s.row, s.modified_at, s.content, o.modified_at AS stored_at, o.content AS stored_content,
        max(s.modified_at) OVER earlier AS newest_before,
        max(s.modified_at) OVER (PARTITION BY {s.key}) AS newest,
        first_value(s.content) OVER alike AS first_content
    FROM {stage} AS s LEFT JOIN {old} AS o ON {o.key=s.key}
    WINDOW
        earlier AS (
            PARTITION BY {s.key} ORDER BY s.row
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        alike AS (PARTITION BY {s.key}, s.modified_at ORDER BY s.row)
),
judged AS MATERIALIZED (
    SELECT
        row,
        CASE
            WHEN stands_at IS NULL THEN 'created'
            WHEN modified_at > stands_at THEN 'updated'
            WHEN modified_at < stands_at THEN 'stale'
            WHEN content = CASE WHEN stored_at = stands_at THEN stored_content ELSE first_content END
                THEN 'duplicate'
            ELSE 'conflict'
        END AS outcome,
        modified_at = newest AND (stands_at IS NULL OR modified_at > stands_at) AS stays
    FROM (SELECT *, greatest(stored_at, newest_before) AS stands_at FROM read) AS standing
),
gone AS (
    DELETE FROM {stage} AS s USING judged AS j WHERE j.row = s.row AND NOT j.stays
)
SELECT
    outcome,
    count(*) AS rows,
    array_agg(row ORDER BY row) FILTER (WHERE outcome IN ('stale', 'conflict')) AS numbers
FROM judged
GROUP BY outcome

-- name: forget
-- The old images of keys whose stored row stays.
DELETE FROM {old} AS o WHERE NOT EXISTS (SELECT FROM {stage} AS s WHERE {o.key=s.key})

-- name: overrule
-- What the ledger says of an order holds; what its source says is kept beside it.
UPDATE stage_orders AS s
SET stated_exclusion = s.exclusion, exclusion = e.reason
FROM exclusions AS e
WHERE e.tenant_id = $1 AND e.source = s.source AND e.order_id = s.id AND e.reason IS NOT NULL
    AND NOT EXISTS (SELECT FROM exclusions AS u WHERE u.tenant_id = $1 AND u.undoes = e.id)

-- name: take_order
-- One order as it stands ...
INSERT INTO old_orders (row, {columns})
SELECT 0, {t.columns} FROM order_facts AS t
WHERE t.tenant_id = $1 AND t.source = $2 AND t.id = $3

-- name: restage_order
-- ... and as it is to be: excluded by the ledger, or with null as its source says.
INSERT INTO stage_orders (row, {columns}) SELECT o.row, {restated} FROM old_orders AS o

-- name: restate_order
UPDATE order_facts AS f
SET exclusion = s.exclusion, stated_exclusion = s.stated_exclusion
FROM stage_orders AS s
WHERE f.tenant_id = $1 AND f.source = $2 AND f.id = $3

-- name: land
INSERT INTO {facts} AS f (tenant_id, {columns})
SELECT $1, {columns} FROM {stage} ORDER BY {key}
ON CONFLICT (tenant_id, {key}) DO UPDATE SET {c=excluded.c}
WHERE excluded.modified_at > f.modified_at

-- name: land_new
-- Where nothing stands, PostgreSQL need not look for what does.
INSERT INTO {facts} (tenant_id, {columns}) SELECT $1, {columns} FROM {stage} ORDER BY {key}

-- name: orders_of_refunds
SELECT
    coalesce(array_agg(DISTINCT source), '{}') AS sources,
    coalesce(array_agg(DISTINCT order_id) FILTER (WHERE order_id IS NOT NULL), '{}') AS ids
FROM stage_refunds

-- name: adopt
-- A refund counts for the people of its order, if the order is known, and nowhere if that is
-- excluded.
UPDATE stage_refunds AS s
SET
    salesperson = o.salesperson, channel = o.channel, campaign = o.campaign,
    currency = o.currency, counts = o.exclusion IS NULL
FROM order_facts AS o
WHERE o.tenant_id = $1 AND o.source = ANY ($2) AND o.id = ANY ($3)
    AND o.source = s.source AND o.id = s.order_id

-- name: landed_orders
SELECT array_agg(id) AS ids FROM stage_orders

-- name: find_followers
-- The refunds of landed orders that stand under other people: as they are ...
INSERT INTO old_refunds (row, {columns})
SELECT s.row, {t.columns}
FROM refund_facts AS t JOIN stage_orders AS s ON s.source = t.source AND s.id = t.order_id
WHERE t.tenant_id = $1 AND t.order_id = ANY ($2)
    AND (t.salesperson, t.channel, t.campaign, t.currency, t.counts)
        IS DISTINCT FROM (s.salesperson, s.channel, s.campaign, s.currency, s.exclusion IS NULL)

-- name: move_followers
-- ... and as they are to be.
INSERT INTO stage_refunds (row, {columns})
SELECT o.row, {moved}
FROM old_refunds AS o JOIN stage_orders AS s ON s.source = o.source AND s.id = o.order_id

-- name: follow
-- By the key that is in conflict, which no planner has to find.
INSERT INTO refund_facts (tenant_id, {columns})
SELECT $1, {columns} FROM stage_refunds ORDER BY {key}
ON CONFLICT (tenant_id, {key}) DO UPDATE SET
    salesperson = excluded.salesperson, channel = excluded.channel,
    campaign = excluded.campaign, currency = excluded.currency, counts = excluded.counts

-- name: replace_rejected
-- Refused rows of a fact that has landed by a later row.
DELETE FROM rejected_rows AS r
USING {stage} AS s
WHERE r.tenant_id = $1 AND r.kind = $2 AND r.source = s.source AND r.fact = {fact}
    AND (r.batch <> $3 OR r.row < s.row)
