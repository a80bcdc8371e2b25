-- What facts add to the measures: signed sums of rows as they are to be (+) and of the rows that they
-- replace (-), on the days that `domain.md`, section 4 names. Each SELECT gives, by the key of its
-- measures, what is to be added. Ingest reads what has landed so; the api, what a fact that somebody
-- contests would make of a difference.

-- name: orders
-- An excluded order counts in gross sales alone. An order is ready to ship when it is paid; one that
-- is shipped before that has waited for nothing. Most orders are placed, paid and shipped on one
-- day: a row of `e` stands for all that happened on a day.
SELECT
    e.day, f.shop, f.salesperson AS employee, f.channel, f.campaign, f.currency,
    sum(f.sign * (e.placed::int + (e.paid OR e.excluded)::int + e.shipped::int)) AS records,
    coalesce(sum(f.sign) FILTER (WHERE e.placed), 0) AS placed_orders,
    coalesce(sum(f.sign) FILTER (WHERE e.placed AND f.status = 'cancelled'), 0) AS cancelled_orders,
    coalesce(sum(f.paid_amount) FILTER (WHERE e.paid OR e.excluded), 0) AS gross_amount,
    coalesce(sum(f.sign) FILTER (WHERE e.excluded), 0) AS excluded_orders,
    coalesce(sum(f.paid_amount) FILTER (WHERE e.excluded), 0) AS excluded_amount,
    coalesce(sum(f.sign) FILTER (WHERE e.paid), 0) AS paid_orders,
    coalesce(sum(f.paid_amount) FILTER (WHERE e.paid), 0) AS paid_amount,
    coalesce(sum(f.discount_amount) FILTER (WHERE e.paid AND f.discount_amount <> 0), 0)
        AS discount_amount,
    coalesce(sum(f.cost_amount) FILTER (WHERE e.paid AND f.cost_amount <> 0), 0)
        AS cost_amount,
    coalesce(sum(f.units_sold) FILTER (WHERE e.paid), 0) AS units_sold,
    coalesce(sum(f.sign) FILTER (WHERE e.paid AND f.skus >= 2), 0) AS multi_sku_orders,
    coalesce(sum(f.sign) FILTER (WHERE e.paid AND f.payment_method = 'alipay'), 0)
        AS alipay_orders,
    coalesce(sum(f.paid_amount) FILTER (WHERE e.paid AND f.payment_method = 'alipay'), 0)
        AS alipay_amount,
    {tag_sums},
    coalesce(sum(f.sign) FILTER (WHERE e.shipped), 0) AS shipped_orders,
    coalesce(sum(f.sign) FILTER (
        WHERE e.shipped AND (f.shipped_at - f.paid_at <= interval '24 hours') IS NOT FALSE
    ), 0) AS shipped_within_24h_orders,
    coalesce(sum(f.sign * greatest(round(extract(epoch FROM f.shipped_at - f.paid_at), 4), 0))
        FILTER (WHERE e.shipped AND f.paid_at IS NOT NULL), 0) AS processing_seconds
FROM (
    SELECT
        1 AS sign, shop, salesperson, channel, campaign, currency, status, exclusion,
        payment_method, skus, created_on, paid_on, shipped_on, paid_at, shipped_at,
        paid_amount, discount_amount, cost_amount, units_sold, {tags}
    FROM stage_orders
    UNION ALL
    SELECT
        -1, shop, salesperson, channel, campaign, currency, status, exclusion,
        payment_method, skus, created_on, paid_on, shipped_on, paid_at, shipped_at,
        -paid_amount, -discount_amount, -cost_amount, -units_sold, {minus_tags}
    FROM old_orders
) AS f
CROSS JOIN LATERAL (
    SELECT
        f.paid_on AS day,
        f.exclusion IS NULL AND f.created_on = f.paid_on AS placed,
        f.exclusion IS NULL AS paid,
        f.exclusion IS NOT NULL AS excluded,
        f.exclusion IS NULL AND (f.shipped_on = f.paid_on) IS TRUE AS shipped
    WHERE f.paid_on IS NOT NULL
    UNION ALL
    SELECT f.created_on, true, false, false, (f.shipped_on = f.created_on) IS TRUE
    WHERE f.exclusion IS NULL AND f.created_on IS DISTINCT FROM f.paid_on
    UNION ALL
    SELECT f.shipped_on, false, false, false, true
    WHERE f.exclusion IS NULL AND f.shipped_on IS DISTINCT FROM f.paid_on
        AND f.shipped_on <> f.created_on
) AS e
GROUP BY e.day, f.shop, f.salesperson, f.channel, f.campaign, f.currency

-- name: refunds
SELECT
    f.refunded_on AS day, f.shop, f.salesperson AS employee, f.channel, f.campaign, f.currency,
    sum(f.sign) AS records,
    sum(f.sign * f.amount) AS refund_amount,
    coalesce(sum(f.sign) FILTER (WHERE f.kind <> 'exchange'), 0) AS refunds,
    coalesce(sum(f.sign) FILTER (WHERE f.kind = 'return'), 0) AS returns,
    coalesce(sum(f.sign) FILTER (WHERE f.kind = 'exchange'), 0) AS exchanges,
    coalesce(sum(f.sign * f.amount) FILTER (WHERE f.kind = 'return'), 0) AS return_amount,
    coalesce(sum(f.sign * greatest(round(extract(epoch FROM f.refunded_at - f.requested_at), 4), 0))
        FILTER (WHERE f.requested_at IS NOT NULL), 0) AS refund_seconds,
    coalesce(sum(f.sign) FILTER (WHERE f.requested_at IS NOT NULL), 0) AS timed_refunds
FROM (
    SELECT 1 AS sign, s.* FROM stage_refunds AS s
    UNION ALL
    SELECT -1, o.* FROM old_refunds AS o
) AS f
WHERE f.status = 'succeeded' AND f.counts
GROUP BY f.refunded_on, f.shop, f.salesperson, f.channel, f.campaign, f.currency

-- name: ratings
-- Points are on a scale of 5; 4 and more is good, 2 and less is bad.
SELECT
    f.rated_on AS day, f.shop, f.employee,
    sum(f.sign) AS records,
    sum(f.sign) AS ratings,
    sum(f.sign * round(f.score * 5 / f.scale, 6)) AS rating_points,
    coalesce(sum(f.sign) FILTER (WHERE f.score * 5 >= 4 * f.scale), 0) AS good_ratings,
    coalesce(sum(f.sign) FILTER (WHERE f.score * 5 <= 2 * f.scale), 0) AS bad_ratings
FROM (
    SELECT 1 AS sign, s.* FROM stage_ratings AS s
    UNION ALL
    SELECT -1, o.* FROM old_ratings AS o
) AS f
GROUP BY f.rated_on, f.shop, f.employee

-- name: chats
SELECT
    n.started_on AS day, n.shop, n.employee,
    sum(n.sign) AS records,
    sum(n.sign * n.chats) AS chats,
    sum(n.sign * n.answered) AS answered_chats,
    sum(n.sign * (n.chats - n.answered)) AS unanswered_chats,
    sum(n.sign * n.inquiries) AS inquiries,
    sum(n.sign * n.inquiry_orders) AS inquiry_orders,
    coalesce(sum(n.sign * n.first_response_seconds), 0) AS first_response_seconds,
    sum(n.sign * n.first_responses) AS first_responses,
    coalesce(sum(n.sign * n.response_seconds), 0) AS response_seconds,
    coalesce(sum(n.sign * n.responses), 0) AS responses,
    sum(n.sign * n.satisfaction_answers) AS satisfaction_answers,
    sum(n.sign * n.satisfied_answers) AS satisfied_answers,
    sum(n.sign * n.complaints) AS complaints
FROM (
    -- A fact is one session, or with totals all of an agent's day.
    SELECT
        f.sign, f.started_on, f.shop, f.employee, f.first_response_seconds, f.response_seconds, f.responses,
        CASE WHEN f.totals IS NULL THEN 1
            ELSE coalesce((f.totals ->> 'chats')::int, 0) END AS chats,
        CASE WHEN f.totals IS NULL THEN f.answered::int
            ELSE coalesce((f.totals ->> 'answered')::int, 0) END AS answered,
        CASE WHEN f.totals IS NULL THEN f.inquiry::int
            ELSE coalesce((f.totals ->> 'inquiries')::int, 0) END AS inquiries,
        CASE WHEN f.totals IS NULL THEN (f.inquiry AND f.order_id IS NOT NULL)::int
            ELSE coalesce((f.totals ->> 'inquiry_orders')::int, 0) END AS inquiry_orders,
        CASE WHEN f.totals IS NULL THEN (f.first_response_seconds IS NOT NULL)::int
            ELSE coalesce((f.totals ->> 'first_responses')::int, 0) END AS first_responses,
        CASE WHEN f.totals IS NULL THEN (f.satisfied IS NOT NULL)::int
            ELSE coalesce((f.totals ->> 'satisfaction_answers')::int, 0) END AS satisfaction_answers,
        CASE WHEN f.totals IS NULL THEN coalesce(f.satisfied, false)::int
            ELSE coalesce((f.totals ->> 'satisfied_answers')::int, 0) END AS satisfied_answers,
        CASE WHEN f.totals IS NULL THEN f.complaint::int
            ELSE coalesce((f.totals ->> 'complaints')::int, 0) END AS complaints
    FROM (
        SELECT 1 AS sign, s.* FROM stage_chats AS s
        UNION ALL
        SELECT -1, o.* FROM old_chats AS o
    ) AS f
) AS n
GROUP BY n.started_on, n.shop, n.employee

-- name: traffic
SELECT
    f.day, f.shop, f.channel, f.campaign, f.currency,
    sum(f.sign) AS records,
    coalesce(sum(f.sign * f.visitors), 0) AS visitors,
    coalesce(sum(f.sign * f.new_visitors), 0) AS new_visitors,
    coalesce(sum(f.sign * f.page_views), 0) AS page_views,
    coalesce(sum(f.sign * f.bounces), 0) AS bounces,
    coalesce(sum(f.sign * f.dwell_seconds), 0) AS dwell_seconds,
    coalesce(sum(f.sign * f.impressions), 0) AS impressions,
    coalesce(sum(f.sign * f.clicks), 0) AS clicks,
    coalesce(sum(f.sign * f.ad_cost), 0) AS ad_cost,
    coalesce(sum(f.sign * f.favourites), 0) AS favourites,
    coalesce(sum(f.sign * f.carts), 0) AS carts
FROM (
    SELECT 1 AS sign, s.* FROM stage_traffic AS s
    UNION ALL
    SELECT -1, o.* FROM old_traffic AS o
) AS f
GROUP BY f.day, f.shop, f.channel, f.campaign, f.currency

-- name: campaigns
SELECT
    f.starts_on AS day, f.shop, f.id AS campaign, f.currency,
    sum(f.sign) AS records,
    sum(f.sign) AS campaigns,
    coalesce(sum(f.sign * f.target_amount), 0) AS campaign_target_amount,
    coalesce(sum(f.sign * f.cost_amount), 0) AS campaign_cost_amount
FROM (
    SELECT 1 AS sign, s.* FROM stage_campaigns AS s
    UNION ALL
    SELECT -1, o.* FROM old_campaigns AS o
) AS f
GROUP BY f.starts_on, f.shop, f.id, f.currency
