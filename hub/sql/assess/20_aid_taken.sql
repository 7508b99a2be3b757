-- 已扣减的其他救助 The other aid that documents deducted of each settlement, before some line.
SELECT c.setl_id, MAX(p.deducted) AS amount
FROM every_paid AS p
JOIN cost AS c ON c.person_id = p.person_id AND c.nth = p.nth
GROUP BY c.setl_id
