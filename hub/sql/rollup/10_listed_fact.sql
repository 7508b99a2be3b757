-- 在册 Living persons listed on the month's last day, by category and residence: in spells of the scope's categories
-- and certifiers, as its rows are.
SELECT
  s.person_id AS unit, n.residence AS place, s.category AS label,
  CAST(COUNT(*) AS BIGINT) AS cases, CAST(NULL AS BIGINT) AS amount, CAST(NULL AS BIGINT) AS second
FROM category_spell AS s
CROSS JOIN period AS p
JOIN scoped_person AS n ON n.person_id = s.person_id
WHERE s.valid_from <= p.last_day AND s.valid_until > p.last_day AND (n.death IS NULL OR n.death > p.last_day)
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'categories' AND c.code IN ('', s.category))
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'certifiers' AND c.code IN ('', s.certifier))
GROUP BY s.person_id, n.residence, s.category
