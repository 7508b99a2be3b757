-- 应享待遇 Persons with an entitlement in force on the month's last day, by benefit and residence; its annual amount.
SELECT
  e.person_id AS unit, n.residence AS place, e.benefit AS label,
  CAST(COUNT(*) AS BIGINT) AS cases, CAST(SUM(e.annual_amount) AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS second
FROM entitlement AS e
CROSS JOIN period AS p
JOIN scoped_person AS n ON n.person_id = e.person_id
WHERE e.valid_from <= p.last_day AND e.valid_until > p.last_day
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'benefits' AND c.code IN ('', e.benefit))
GROUP BY e.person_id, n.residence, e.benefit
