-- 分段计算 What tiered rules give on the cost before and after each settlement, in fen times basis points.
SELECT
  c.person_id, c.nth, c.rule_id,
  CAST(SUM(GREATEST(c.before - t.above, 0) * t.change) AS BIGINT) AS gave,
  CAST(SUM(GREATEST(c.before + c.counted - t.above, 0) * t.change) AS BIGINT) AS gives
FROM cumulated AS c
JOIN rule_step AS t ON t.rule_id = c.rule_id
GROUP BY c.person_id, c.nth, c.rule_id
