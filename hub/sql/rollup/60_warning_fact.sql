-- 高额费用预警 Persons with a warning that stands, by category and the warning's county. A person who is told to two
-- departments, or passed two lines, counts once in a county: with the greatest burden and the category it goes with.
WITH reached AS (
  SELECT
    w.person_id, COALESCE(w.county, '') AS place, w.category, w.burden,
    ROW_NUMBER() OVER (
      PARTITION BY w.person_id, COALESCE(w.county, '')
      ORDER BY w.burden DESC NULLS LAST, w.category ASC NULLS LAST
    ) AS n,
    COUNT(*) OVER (PARTITION BY w.person_id, COALESCE(w.county, '')) AS cases
  FROM warning AS w
  CROSS JOIN period AS p
  WHERE w.month = p.month AND w.state <> 'cleared'
    AND EXISTS (
      SELECT 1 FROM scope AS d
      WHERE d.list = 'divisions' AND SUBSTR(COALESCE(w.county, ''), 1, LENGTH(d.code)) = d.code
    )
    AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'addressees' AND c.code IN ('', w.addressee))
    AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'referred_to' AND c.code IN ('', w.addressee))
    AND (w.category = '*'
      OR EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'categories' AND c.code IN ('', w.category)))
    AND (
      (SELECT COUNT(*) FROM scope AS c WHERE c.list IN ('categories', 'certifiers') AND c.code = '') = 2
      OR EXISTS (SELECT 1 FROM held_in_scope AS h WHERE h.person_id = w.person_id)
      OR EXISTS (SELECT 1 FROM held_in_scope AS h WHERE h.household_key = w.household_key AND w.household_key <> '')
    )
)
SELECT
  person_id AS unit, place, category AS label,
  CAST(cases AS BIGINT) AS cases, burden AS amount, CAST(NULL AS BIGINT) AS second
FROM reached
WHERE n = 1
