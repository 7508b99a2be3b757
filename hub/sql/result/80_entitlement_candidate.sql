-- 候选规则 Every rule that reached the person, the winner and what it outranked, with the reason and the spell's row: of
-- the spells with the same code the one that began first.
WITH evidence AS (
  SELECT
    person_id, code, batch_id, line, record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, code
      ORDER BY held_from NULLS LAST, source NULLS LAST, household_key NULLS LAST, record_digest NULLS LAST,
               batch_id NULLS LAST, line NULLS LAST) AS nth
  FROM spell_code
)
SELECT
  p.person_id, t.benefit, GREATEST(t.valid_from, y.year_start) AS valid_from, t.valid_until,
  w.place, r.category, r.region, r.rule_key, r.document, r.article,
  w.determined, w.annual_amount, w.reason, e.batch_id, e.line, e.record_digest
FROM person_situation AS p
CROSS JOIN period AS y
LEFT JOIN charged AS c ON c.person_id = p.person_id
JOIN stretch AS t ON t.situation_id = p.situation_id
JOIN ranked AS w
  ON w.stretch_id = t.stretch_id
 AND w.person_id = CASE WHEN t.benefit = 'premium_subsidy' THEN -1 ELSE COALESCE(c.person_id, -1) END
JOIN ballot AS b ON b.stretch_id = w.stretch_id AND b.rule_id = w.rule_id
JOIN rule AS r ON r.rule_id = w.rule_id
JOIN evidence AS e ON e.person_id = p.person_id AND e.code = b.code AND e.nth = 1
WHERE t.valid_until > y.year_start
