-- 扣减的其他救助 What each rule deducts of a settlement's other aid before its line.
SELECT r.rule_id, c.person_id, c.nth, CAST(SUM(o.amount) AS BIGINT) AS amount
FROM other_aid AS o
JOIN charge AS c ON c.setl_id = o.setl_id
JOIN rule AS r ON ',' || r.deducts || ',' LIKE '%,' || o.kind || ',%'
GROUP BY r.rule_id, c.person_id, c.nth
