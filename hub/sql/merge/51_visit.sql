-- 就诊 The visit and the bill of each settlement, where some rule counts by stay or by the bill; else nobody's.
WITH asking AS (SELECT COUNT(*) AS rules FROM rule WHERE by_stay OR line_share IS NOT NULL)
SELECT c.setl_id, c.visit_id, c.total
FROM cost AS c
CROSS JOIN asking AS s
WHERE s.rules > 0
