-- 支付与剩余 What the winner pays of each settlement, from the sums before and with it, and what is left after it. What is
-- paid of a settlement is F(cumulated after) - F(cumulated before), F being what the rule gives on a sum. No rule:
-- nothing is paid, and all is left.
WITH cumulated AS (
  SELECT
    *,
    CAST(SUM(counted) OVER (
      PARTITION BY person_id, rule_id ORDER BY nth NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS summed
  FROM won
),
valued AS (
  SELECT
    c.person_id, c.situation_id, c.nth, c.care_id, c.day, c.unpaid, c.room, c.rule_id,
    r.determined, CASE WHEN r.threshold IS NOT NULL THEN GREATEST(r.threshold - (c.summed - c.counted), 0) END AS line,
    r.cap,
    LEAST(half_up(GREATEST(c.summed - r.threshold, 0), r.ratio), r.cap) AS gives,
    LEAST(half_up(GREATEST(c.summed - c.counted - r.threshold, 0), r.ratio), r.cap) AS gave
  FROM cumulated AS c
  LEFT JOIN rule AS r ON r.rule_id = c.rule_id
)
SELECT
  person_id, situation_id, nth, care_id, day, rule_id,
  CASE WHEN rule_id IS NOT NULL THEN GREATEST(unpaid, 0) END AS base_amount, line,
  CASE WHEN determined THEN gives - gave END AS amount, CASE WHEN determined THEN cap - gives ELSE cap END AS cap_left,
  unpaid - CASE WHEN determined THEN gives - gave ELSE 0 END AS unpaid,
  room - CASE WHEN determined THEN gives - gave ELSE 0 END AS room,
  rule_id IS NOT NULL AND NOT determined AS close
FROM valued
