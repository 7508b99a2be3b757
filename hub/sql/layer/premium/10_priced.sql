-- 参保资助 Premium subsidy: the rule's amount for the insured year, not prorated (pins.md 3); no settlement matters.
-- No rule can give more than the personal premium, so an undetermined one cannot exceed a subsidy in full.
SELECT
  CAST(-1 AS BIGINT) AS person_id, b.stretch_id, b.rule_id, b.sole, FALSE AS simple, b.offered,
  b.turn, b.determined, CASE WHEN b.determined THEN r.amount END AS annual_amount, m.amount AS most,
  CAST(NULL AS STRING) AS why_not, CAST(NULL AS STRING) AS doubt
FROM ballot AS b
CROSS JOIN period AS p
JOIN rule AS r ON r.rule_id = b.rule_id
LEFT JOIN premium AS m ON m.region = b.region AND m.year = p.year AND m.insutype = b.insutype
WHERE b.benefit = 'premium_subsidy'
