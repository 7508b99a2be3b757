-- 待比较 Every rule of the layer that reaches a person, put to all the person's settlements of the year.
WITH asked AS (
  SELECT DISTINCT c.person_id, c.rule_id FROM contender AS c JOIN layer AS l ON l.benefit = c.benefit
)
SELECT a.person_id, s.nth, a.rule_id, a.rule_id AS account
FROM asked AS a
JOIN standing AS s ON s.person_id = a.person_id
