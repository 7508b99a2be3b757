-- 范围内家庭与人员 Persons and households that held one of a scope's categories in the year: whose cases it reaches.
SELECT DISTINCT s.person_id, s.household_key
FROM category_spell AS s
CROSS JOIN period AS p
WHERE s.valid_until > p.year_start
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'categories' AND c.code IN ('', s.category))
