-- 本层合计 What a layer pays of each settlement, all its rules together, and why it is undetermined where it is.
-- `beyond` is what it pays outside the cost in scope: special drugs.
SELECT
  q.person_id, q.nth, q.amount, CAST(0 AS BIGINT) AS beyond, CAST(0 AS BIGINT) AS deducted,
  CAST(0 AS BIGINT) AS uncounted, q.cap_left,
  CASE WHEN q.close THEN r.undetermined_reason END AS reason
FROM quick AS q
JOIN rule AS r ON r.rule_id = q.rule_id
UNION ALL
SELECT
  p.person_id, p.nth, CAST(SUM(CASE WHEN r.base <> 'special_drugs' THEN p.amount END) AS BIGINT) AS amount,
  CAST(SUM(CASE WHEN r.base = 'special_drugs' THEN COALESCE(p.amount, 0) ELSE 0 END) AS BIGINT) AS beyond,
  MAX(p.deducted) AS deducted, CAST(SUM(p.uncounted) AS BIGINT) AS uncounted,
  MIN(p.cap_left) AS cap_left, MIN(CASE WHEN r.base <> 'special_drugs' THEN p.reason END) AS reason
FROM paid AS p
JOIN rule AS r ON r.rule_id = p.rule_id
GROUP BY p.person_id, p.nth
