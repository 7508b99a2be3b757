-- 年内计入合计 What each way of counting counts of a person's year: the sum of what earlier layers left, and the most that
-- could be paid of it. `close`: some settlement needs a closer look, so that the sum alone decides nothing: a condition
-- that nobody tells, an earlier layer in doubt, other aid, a bill that leaves less than the cost in scope.
SELECT
  s.person_id, s.situation_id, m.measure_id,
  CAST(SUM(CASE WHEN c.met THEN GREATEST(s.unpaid, 0) ELSE 0 END) AS BIGINT) AS counted,
  CAST(SUM(CASE
    WHEN c.care_id IS NOT NULL AND c.met IS NOT FALSE THEN GREATEST(LEAST(s.unpaid, s.room), 0) ELSE 0
  END) AS BIGINT) AS payable,
  MAX(CASE
    WHEN s.close OR c.care_id IS NOT NULL AND (c.met IS NULL OR s.room < s.unpaid) THEN 1 ELSE 0
  END) AS close
FROM standing AS s
JOIN layer_measure AS m ON m.situation_id = s.situation_id
LEFT JOIN measure_care AS c ON c.measure_id = m.measure_id AND c.care_id = s.care_id
GROUP BY s.person_id, s.situation_id, m.measure_id
