-- 共用限额 Where rules of a document share a cap, what is paid under it, in the order of settlements. `share` keeps
-- the offers of different categories apart (`due` says so); what is really paid has one share. What follows something
-- unknown is unknown too.
WITH running AS (
  SELECT
    person_id, nth, rule_id, amount, group_cap, unknown,
    CAST(SUM(amount) OVER shared AS BIGINT) AS paid_after, CAST(SUM(unknown) OVER shared AS BIGINT) AS unknown_after
  FROM capped
  WHERE cap_group <> '' AND group_cap IS NOT NULL
  WINDOW shared AS (
    PARTITION BY person_id, share, document, cap_group, group_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  person_id, nth, rule_id, LEAST(paid_after, group_cap) - LEAST(paid_after - amount, group_cap) AS amount,
  GREATEST(group_cap - paid_after, 0) AS cap_left, unknown_after - unknown AS unknown_before
FROM running
