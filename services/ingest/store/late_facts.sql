-- Which facts land for days of cycles whose period is over: should its data be closed by then, they
-- are late, and people decide what becomes of them. Names in braces are of one kind of fact, as in
-- `landing.sql`.

-- name: horizon
-- Only a cycle whose period is over can be closed, somewhere on earth and while a batch lands.
SELECT max(ends_on) FROM cycles
WHERE tenant_id = $1 AND status <> 'draft'
    AND ends_on <= (now() + interval '14 hours 10 minutes')::date

-- name: note
-- The facts of a chunk that count otherwise than before, on each day and under each name that they
-- counted or count under. The api says when each came, after those that a close still took.
WITH changed AS (
    SELECT {s.key} FROM {stage} AS s LEFT JOIN {old} AS o ON {o.key=s.key}
    WHERE o.source IS NULL OR ({s.counted}) IS DISTINCT FROM ({o.counted})
),
f AS (
    SELECT s.* FROM {stage} AS s WHERE ({s.key}) IN (SELECT {key} FROM changed)
    UNION ALL
    SELECT s.* FROM {old} AS s WHERE ({s.key}) IN (SELECT {key} FROM changed)
)
INSERT INTO late_facts (
    tenant_id, kind, source, fact, day, shop, unit, employee, basis, modified_at
)
SELECT $1, $2, source, fact, day, shop, unit, employee, basis, max(modified_at)
FROM ({rows}) AS rows
WHERE day < $3
GROUP BY source, fact, day, shop, unit, employee, basis
ORDER BY source, fact, day, shop, unit, employee, basis
ON CONFLICT (tenant_id, kind, source, fact, day, shop, unit, employee, basis)
DO UPDATE SET modified_at = excluded.modified_at, came_at = NULL

-- name: orders
SELECT f.source, f.id AS fact, e.day, f.shop, '' AS unit, f.salesperson AS employee,
    'both' AS basis, f.modified_at
FROM f CROSS JOIN LATERAL (VALUES (f.paid_on), (f.created_on), (f.shipped_on)) AS e (day)

-- name: refunds
-- A score has a refund on its own day, pay on the day of its order (`domain.md`, section 8).
SELECT f.source, f.id AS fact, e.day, f.shop, '' AS unit, f.salesperson AS employee, e.basis,
    f.modified_at
FROM f
LEFT JOIN order_facts AS o
    ON o.tenant_id = $1 AND o.source = ANY ($4) AND o.id = ANY ($5)
    AND o.source = f.source AND o.id = f.order_id
CROSS JOIN LATERAL (
    VALUES
        (f.refunded_on, CASE WHEN o.id IS NULL THEN 'both' ELSE 'score' END),
        (o.paid_on, 'pay')
) AS e (day, basis)
WHERE f.status = 'succeeded' AND f.counts

-- name: ratings
SELECT f.source, f.id AS fact, f.rated_on AS day, f.shop, '' AS unit, f.employee, 'both' AS basis,
    f.modified_at
FROM f

-- name: chats
SELECT f.source, f.id AS fact, f.started_on AS day, f.shop, '' AS unit, f.employee,
    'both' AS basis, f.modified_at
FROM f

-- name: campaigns
SELECT f.source, f.id AS fact, f.starts_on AS day, f.shop, '' AS unit, '' AS employee,
    'both' AS basis, f.modified_at
FROM f

-- name: daily
SELECT f.source, {f.fact} AS fact, f.day, f.shop, '' AS unit, '' AS employee, 'both' AS basis,
    f.modified_at
FROM f

-- name: measures
SELECT f.source, {f.fact} AS fact, f.day, f.shop, f.unit, f.employee, 'both' AS basis,
    f.modified_at
FROM f
