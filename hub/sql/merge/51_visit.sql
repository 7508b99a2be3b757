-- 就诊 The visit, the bill and the special drugs of each settlement, where some rule counts by them; else nobody's.
WITH asking AS (SELECT COUNT(*) AS rules FROM rule WHERE by_stay OR line_share IS NOT NULL OR base = 'special_drugs')
SELECT c.setl_id, c.visit_id, c.total, c.special_drug_cost, c.admitted
FROM cost AS c
CROSS JOIN asking AS s
WHERE s.rules > 0
