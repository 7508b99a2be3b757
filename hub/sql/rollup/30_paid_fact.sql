-- 已支付 What the payers paid of the month's settlements that were not taken back, by benefit and residence.
WITH layer AS (
  SELECT person_id, settled, cancelled, 'basic_insurance' AS benefit, basic_paid AS paid FROM settlement
  UNION ALL
  SELECT person_id, settled, cancelled, 'serious_illness', serious_illness_paid FROM settlement
  UNION ALL
  SELECT person_id, settled, cancelled, 'medical_assistance', medical_assistance_paid FROM settlement
  UNION ALL
  SELECT person_id, settled, cancelled, 'tilt', tilt_paid FROM settlement
)
SELECT
  l.person_id AS unit, n.residence AS place, l.benefit AS label,
  CAST(COUNT(*) AS BIGINT) AS cases, CAST(SUM(l.paid) AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS second
FROM layer AS l
CROSS JOIN period AS p
JOIN scoped_person AS n ON n.person_id = l.person_id
WHERE l.settled >= p.month_start AND l.settled < p.month_end AND NOT l.cancelled AND l.paid <> 0
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'benefits' AND c.code IN ('', l.benefit))
GROUP BY l.person_id, n.residence, l.benefit
