-- 逐笔计算的人 Persons whose payments are worked out settlement by settlement: a closer look is needed, a rule that is not
-- plain won, several rules pay the same care, or the rule of an account changes within the year in a way that
-- sums do not tell.
WITH won AS (
  SELECT k.person_id, k.stretch_id, k.rule_id, r.plain
  FROM rank AS k
  JOIN rule AS r ON r.rule_id = k.rule_id
  WHERE k.reason = 'winner' AND k.person_id >= 0
)
SELECT person_id FROM standing WHERE close
UNION
SELECT person_id FROM counted WHERE close = 1
UNION
SELECT person_id FROM won WHERE NOT plain
UNION
SELECT w.person_id
FROM won AS w
JOIN (SELECT DISTINCT stretch_id, offer_rule FROM ballot_care WHERE several) AS b
  ON b.stretch_id = w.stretch_id AND b.offer_rule = w.rule_id
UNION
SELECT person_id FROM turned_account WHERE hard
