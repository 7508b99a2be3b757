-- 共用限额 Where rules of a document share a cap, what is paid under it, in the order of settlements. `share` keeps
-- the offers of different categories apart (`due` says so); what is really paid has one share.
WITH running AS (
  SELECT
    p.person_id, p.nth, p.rule_id, p.amount, p.group_cap,
    CAST(SUM(p.amount) OVER (
      PARTITION BY p.person_id, s.share, p.document, p.cap_group, p.stay
      ORDER BY p.nth NULLS LAST, p.rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS paid_after
  FROM capped AS p
  JOIN shares AS s ON s.rule_id = p.rule_id
  WHERE p.cap_group <> '' AND p.group_cap IS NOT NULL
)
SELECT
  person_id, nth, rule_id, LEAST(paid_after, group_cap) - LEAST(paid_after - amount, group_cap) AS amount,
  GREATEST(group_cap - paid_after, 0) AS cap_left
FROM running
