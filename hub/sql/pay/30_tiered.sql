-- 分段计算 What tiered rules give on the cost before and after each settlement, in fen times basis points. Where the line
-- is no place on that cost (`apart`), what is above it is put to the tiers by itself: the settlement's last part of the
-- cost or, where tiers count from the line, what adds up above lines.
WITH placed AS (
  SELECT
    c.person_id, c.nth, c.rule_id,
    CASE WHEN NOT r.apart THEN c.before WHEN r.tiers_from = 'line' THEN c.tier_over - c.over
      ELSE c.tier_counted - c.over END AS low,
    CASE WHEN NOT r.apart THEN c.after WHEN r.tiers_from = 'line' THEN c.tier_over ELSE c.tier_counted END AS high
  FROM cumulated AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  WHERE r.tiers > 1
)
SELECT
  p.person_id, p.nth, p.rule_id,
  CAST(SUM(GREATEST(p.low - t.above, 0) * t.change) AS BIGINT) AS gave,
  CAST(SUM(GREATEST(p.high - t.above, 0) * t.change) AS BIGINT) AS gives
FROM placed AS p
JOIN rule_step AS t ON t.rule_id = p.rule_id
GROUP BY p.person_id, p.nth, p.rule_id
