-- 已资助参保 Premium subsidies of the month's insured year as known at the month's end, by payer and residence.
SELECT
  s.person_id AS unit, n.residence AS place, s.payer AS label,
  CAST(COUNT(*) AS BIGINT) AS cases, CAST(SUM(s.amount) AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS second
FROM subsidy AS s
CROSS JOIN period AS p
JOIN scoped_person AS n ON n.person_id = s.person_id
WHERE s.year = p.year AND s.payer IS NOT NULL
GROUP BY s.person_id, n.residence, s.payer
