-- 限额后金额 What each settlement is paid up to its rule's cap. One cap over the account: the cap applied to what was
-- earned up to and with the settlement, less the same without it.
WITH running AS (
  SELECT
    *,
    CAST(SUM(earned) OVER (
      PARTITION BY person_id, account, cap_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS earned_after
  FROM earned
)
SELECT
  e.person_id, e.nth, e.rule_id, e.care_id, e.share, e.group_span, e.given, e.met, e.unsure, e.deducted, e.base_amount,
  e.payable, e.line, e.counted, e.days, e.uncounted, e.unknown, e.unknown_before,
  COALESCE(m.amount, LEAST(e.earned_after, r.cap) - LEAST(e.earned_after - e.earned, r.cap)) AS amount,
  CASE WHEN r.cap IS NOT NULL THEN GREATEST(r.cap - COALESCE(m.used, e.earned_after), 0) END AS cap_left,
  r.cap_group, r.group_cap, r.document, r.benefit
FROM running AS e
JOIN rule AS r ON r.rule_id = e.rule_id
LEFT JOIN mixed_cap AS m ON m.person_id = e.person_id AND m.nth = e.nth AND m.rule_id = e.rule_id
