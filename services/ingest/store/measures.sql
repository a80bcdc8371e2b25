-- How what facts add up to (`services/schema/sums.sql`) is added to the measures.

-- name: add
-- In the order of the key, so that no two transactions wait for each other; what adds nothing is
-- left out and touches nothing.
WITH sums AS ({sums}),
changed AS (
    INSERT INTO {measures} AS m (tenant_id, {key}, {values})
    SELECT $1, {key}, {values} FROM sums
    WHERE ({values}) <> ({zeros})
    ORDER BY {key}
    ON CONFLICT (tenant_id, {key}) DO UPDATE SET {v=m.v+excluded.v}
    RETURNING {touched}
)
INSERT INTO touched (day, shop, unit, employee) SELECT DISTINCT {touched} FROM changed

-- name: touch_stock
-- Stock levels and posted measures are facts and sums in one: only their days are marked.
INSERT INTO touched (day, shop, unit, employee) SELECT DISTINCT day, shop, '', '' FROM stage_stock

-- name: touch_measures
INSERT INTO touched (day, shop, unit, employee)
SELECT DISTINCT day, shop, unit, employee FROM stage_measures

-- name: touch_buyers
-- Buyers and SKUs are counted from the orders themselves: others change no sum, but their day.
INSERT INTO touched (day, shop, unit, employee)
SELECT DISTINCT s.paid_on, s.shop, '', s.salesperson
FROM stage_orders AS s JOIN old_orders AS o ON o.source = s.source AND o.id = s.id
WHERE (s.buyer, s.lines) IS DISTINCT FROM (o.buyer, o.lines) AND s.paid_on IS NOT NULL

-- name: clear
-- Rows whose last fact left them.
DELETE FROM {measures} AS m
WHERE m.tenant_id = $1 AND m.records = 0 AND m.day = ANY (ARRAY(SELECT DISTINCT day FROM touched))

-- name: mark
-- For the api, which takes these marks away; sorted, because every kind of fact marks days.
INSERT INTO touched_days AS d (tenant_id, day, shop, unit, employee, touched_at)
SELECT DISTINCT $1::integer, day, shop, unit, employee, $2::timestamptz FROM touched
ORDER BY day, shop, unit, employee
ON CONFLICT (tenant_id, day, shop, unit, employee) DO UPDATE SET touched_at = excluded.touched_at

-- name: notify
SELECT pg_notify('kaohe_touched', $1::text) WHERE EXISTS (SELECT FROM touched)
