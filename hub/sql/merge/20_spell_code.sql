-- 身份编码 A spell as a number: its category, its region and its days within the benefit year. Equal numbers are equal
-- before any rule. Spells of categories that no rule names, and of other years, have none.
WITH named AS (
  SELECT category, ROW_NUMBER() OVER (ORDER BY category NULLS LAST) AS category_no
  FROM (SELECT DISTINCT category FROM rule) AS c
),
placed AS (
  SELECT region, ROW_NUMBER() OVER (ORDER BY region NULLS LAST) AS region_no
  FROM (SELECT DISTINCT region FROM category_spell) AS r
)
SELECT
  s.person_id, s.category, s.region, s.source, s.household_key, s.valid_from AS held_from, s.batch_id, s.line,
  s.record_digest, GREATEST(s.valid_from, p.year_start) AS valid_from, LEAST(s.valid_until, p.year_end) AS valid_until,
  ((n.category_no * 1000000 + r.region_no) * 512
   + CASE WHEN s.valid_from <= p.year_start THEN 1 ELSE DAYOFYEAR(s.valid_from) END) * 512
  + CASE WHEN s.valid_until >= p.year_end THEN 0 ELSE DAYOFYEAR(s.valid_until) END AS code
FROM category_spell AS s
CROSS JOIN period AS p
JOIN named AS n ON n.category = s.category
JOIN placed AS r ON r.region = s.region
WHERE s.valid_from < p.year_end AND s.valid_until > p.year_start
