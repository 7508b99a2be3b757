-- 年内换规则的人 Persons whose payments follow from sums although the rule of an account changes within the year: all that
-- won is plain, determined and has one cap.
SELECT DISTINCT w.person_id
FROM (
  SELECT k.person_id, r.account, MIN(k.rule_id) AS least, MAX(k.rule_id) AS greatest
  FROM rank AS k
  JOIN rule AS r ON r.rule_id = k.rule_id
  JOIN turning AS t ON t.stretch_id = k.stretch_id
  WHERE k.reason = 'winner' AND k.person_id >= 0
  GROUP BY k.person_id, r.account
) AS w
LEFT JOIN close_payee AS x ON x.person_id = w.person_id
WHERE w.least < w.greatest AND x.person_id IS NULL
