-- 范围内人员 The persons that a scope reaches: who live in its divisions, held one of its categories in the year, and
-- were referred, as the scope asks.
SELECT n.person_id, SUBSTR(COALESCE(n.residence, n.county, ''), 1, 9) AS residence, n.death
FROM person AS n
WHERE EXISTS (
  SELECT 1 FROM scope AS d
  WHERE d.list = 'divisions' AND SUBSTR(COALESCE(n.county, ''), 1, LENGTH(d.code)) = d.code
) AND (
  (SELECT COUNT(*) FROM scope AS c WHERE c.list IN ('categories', 'certifiers') AND c.code = '') = 2
  OR EXISTS (SELECT 1 FROM held_in_scope AS h WHERE h.person_id = n.person_id)
) AND (
  EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'referred_to' AND c.code = '')
  OR EXISTS (SELECT 1 FROM referred_in_scope AS r WHERE r.person_id = n.person_id)
)
