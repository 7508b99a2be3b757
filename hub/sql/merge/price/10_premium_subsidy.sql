-- 参保资助 Premium subsidy: the rule's amount for the insured year, not prorated (pins.md 3).
-- No rule can give more than the personal premium, so an undetermined one cannot exceed a subsidy in full.
SELECT
  c.person_id, c.seg_from, c.seg_until, c.rule_id, c.category, c.region, c.rank, c.offered, c.held_there, c.determined,
  CASE WHEN c.determined THEN r.amount END AS annual_amount, m.amount AS most,
  CAST(NULL AS STRING) AS why_not, CAST(NULL AS STRING) AS doubt, c.batch_id, c.line
FROM contender AS c
CROSS JOIN period AS p
JOIN rule AS r ON r.rule_id = c.rule_id
LEFT JOIN premium AS m ON m.region = c.region AND m.year = p.year AND m.insutype = c.insutype
WHERE c.benefit = 'premium_subsidy'
