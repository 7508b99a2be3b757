-- 应享待遇 For each person, benefit and day the rule that wins, and what its category gives for the year.
SELECT
  p.person_id, t.benefit, GREATEST(t.valid_from, y.year_start) AS valid_from, t.valid_until,
  r.category, r.region, r.rule_key, r.document, r.article,
  w.determined, COALESCE(w.remark, CASE WHEN NOT w.determined THEN r.undetermined_reason END) AS undetermined_reason,
  w.offer_amount AS annual_amount, r.mode
FROM person_situation AS p
CROSS JOIN period AS y
LEFT JOIN charged AS c ON c.person_id = p.person_id
JOIN stretch AS t ON t.situation_id = p.situation_id
JOIN ranked AS w
  ON w.stretch_id = t.stretch_id
 AND w.person_id = CASE WHEN t.benefit = 'premium_subsidy' THEN -1 ELSE COALESCE(c.person_id, -1) END
JOIN rule AS r ON r.rule_id = w.rule_id
WHERE w.place = 1 AND t.valid_until > y.year_start
