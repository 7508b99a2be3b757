-- 逐笔比较的人 Persons of whom some rule's offer has to be worked out settlement by settlement.
SELECT DISTINCT person_id
FROM close_rule
