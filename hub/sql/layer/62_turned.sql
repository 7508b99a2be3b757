-- 换规则后的支付 The same where the rule of an account changes within the year: line and cap already used count
-- (pins.md 1). A settlement earns what its own rule gives on the account's sum with it, less on the sum before it; the
-- account's one cap is put to what was earned so far.
WITH cumulated AS (
  SELECT
    w.*, r.account, r.threshold, r.ratio, r.cap,
    CAST(SUM(w.counted) OVER (
      PARTITION BY w.person_id, r.account ORDER BY w.nth NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS summed
  FROM won AS w
  LEFT JOIN rule AS r ON r.rule_id = w.rule_id
),
valued AS (
  SELECT
    *,
    half_up(GREATEST(summed - threshold, 0), ratio) - half_up(GREATEST(summed - counted - threshold, 0), ratio)
      AS earned
  FROM cumulated
),
running AS (
  SELECT
    *,
    CAST(SUM(earned) OVER (
      PARTITION BY person_id, account ORDER BY nth NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS earned_after
  FROM valued
),
paid_up AS (
  SELECT *, LEAST(earned_after, cap) - LEAST(earned_after - earned, cap) AS amount FROM running
)
SELECT
  person_id, situation_id, nth, care_id, day, rule_id,
  CASE WHEN rule_id IS NOT NULL THEN GREATEST(unpaid, 0) END AS base_amount,
  CASE WHEN threshold IS NOT NULL THEN GREATEST(threshold - (summed - counted), 0) END AS line, amount,
  CASE WHEN cap IS NOT NULL THEN GREATEST(cap - earned_after, 0) END AS cap_left,
  unpaid - COALESCE(amount, 0) AS unpaid, room - COALESCE(amount, 0) AS room, FALSE AS close
FROM paid_up
