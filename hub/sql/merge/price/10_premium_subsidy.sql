-- 参保资助 Premium subsidy: the rule's amount for the insured year, not prorated (pins.md 3).
-- No rule can give more than the personal premium, so an undetermined one cannot exceed a subsidy in full.
SELECT
  c.person_id, c.seg_from, c.seg_until, c.benefit, c.category, c.region, c.rule_key, c.document, c.article, c.rank, c.mode,
  c.offered, c.held_there, c.determined, c.undetermined_reason,
  CASE WHEN c.determined THEN c.amount END AS annual_amount,
  r.amount AS most, CAST(NULL AS STRING) AS doubt, c.batch_id, c.line, c.record_digest
FROM contender AS c
CROSS JOIN period AS p
LEFT JOIN premium AS r ON r.region = c.region AND r.year = p.year AND r.insutype = c.insutype
WHERE c.benefit = 'premium_subsidy'
