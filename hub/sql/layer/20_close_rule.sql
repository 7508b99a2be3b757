-- 逐笔比较的规则 Whose what has to be worked out settlement by settlement: each rule of the layer that contends for a
-- person and either is not plain or stands close to another one.
SELECT DISTINCT c.person_id, b.rule_id, r.offer_account
FROM counted AS c
JOIN ballot AS b ON b.situation_id = c.situation_id AND b.measure_id = c.measure_id
JOIN layer AS l ON l.benefit = b.benefit
JOIN rule AS r ON r.rule_id = b.rule_id
WHERE c.close = 1 OR NOT r.plain
