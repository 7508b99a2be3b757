-- 范围内人员 The persons that a scope reaches: who live in its divisions and held one of its categories in the year.
-- `scope` holds the codes of each list; the empty code stands for all.
SELECT n.person_id, SUBSTR(COALESCE(n.residence, n.county, ''), 1, 9) AS residence, n.death
FROM person AS n
CROSS JOIN period AS p
WHERE EXISTS (
  SELECT 1 FROM scope AS d
  WHERE d.list = 'divisions' AND SUBSTR(COALESCE(n.county, ''), 1, LENGTH(d.code)) = d.code
) AND (
  EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'categories' AND c.code = '')
  OR EXISTS (
    SELECT 1 FROM category_spell AS s
    JOIN scope AS c ON c.list = 'categories' AND c.code = s.category
    WHERE s.person_id = n.person_id AND s.valid_until > p.year_start
  )
)
