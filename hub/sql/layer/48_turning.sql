-- 可能换规则的时段 The stretches of situations that have several, or in which an account has several rules: there the rule
-- of an account may change within the year.
SELECT t.stretch_id
FROM stretch AS t
JOIN layer AS l ON l.benefit = t.benefit
JOIN (
  SELECT b.situation_id
  FROM ballot AS b
  JOIN layer AS y ON y.benefit = b.benefit
  JOIN rule AS r ON r.rule_id = b.rule_id
  GROUP BY b.situation_id
  HAVING MIN(b.stretch_id) < MAX(b.stretch_id) OR COUNT(DISTINCT r.account) < COUNT(DISTINCT b.rule_id)
) AS s ON s.situation_id = t.situation_id
