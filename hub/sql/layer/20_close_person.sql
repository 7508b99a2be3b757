-- 逐笔比较的人 Persons of whom some rule's offer has to be worked out settlement by settlement.
SELECT DISTINCT c.person_id
FROM counted AS c
JOIN ballot AS b ON b.situation_id = c.situation_id AND b.measure_id = c.measure_id
JOIN layer AS l ON l.benefit = b.benefit
JOIN rule AS r ON r.rule_id = b.rule_id
WHERE c.close = 1 OR NOT r.plain
