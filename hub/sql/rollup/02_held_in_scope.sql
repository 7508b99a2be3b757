-- 范围内身份 Persons and households that held one of a scope's categories in the year, as one of its certifiers
-- certified it. `scope` holds the codes of each list; the empty code stands for all.
SELECT DISTINCT s.person_id, s.household_key
FROM category_spell AS s
CROSS JOIN period AS p
WHERE s.valid_until > p.year_start
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'categories' AND c.code IN ('', s.category))
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'certifiers' AND c.code IN ('', s.certifier))
