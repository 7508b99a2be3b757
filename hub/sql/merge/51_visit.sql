-- 就诊 The visit of each settlement, where some rule counts by stay; else nobody's.
WITH stays AS (SELECT COUNT(*) AS rules FROM rule WHERE period = 'stay')
SELECT c.setl_id, c.visit_id
FROM cost AS c
CROSS JOIN stays AS s
WHERE s.rules > 0
