-- 待比较 Every rule of the layer that has to be worked out by settlement, put to all the person's settlements of the year.
WITH asked AS (
  SELECT DISTINCT c.person_id, b.rule_id, r.offer_account
  FROM counted AS c
  JOIN ballot AS b ON b.situation_id = c.situation_id AND b.measure_id = c.measure_id
  JOIN layer AS l ON l.benefit = b.benefit
  JOIN rule AS r ON r.rule_id = b.rule_id
  WHERE c.close = 1 OR NOT r.plain
)
SELECT a.person_id, c.nth, a.rule_id, a.offer_account AS account
FROM asked AS a
JOIN close_charge AS c ON c.person_id = a.person_id
