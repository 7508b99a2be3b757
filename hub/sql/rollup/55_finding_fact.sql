-- 比对发现 The month's findings that stand, by kind and the finding's county; amounts expected and found. Who it is
-- about is the person, or the household where it names nobody.
SELECT
  CASE WHEN f.person_id >= 0 THEN CAST(f.person_id AS STRING) ELSE CONCAT('h', f.household_key) END AS unit,
  COALESCE(f.county, '') AS place, f.kind AS label,
  CAST(COUNT(*) AS BIGINT) AS cases, CAST(SUM(f.expected) AS BIGINT) AS amount, CAST(SUM(f.actual) AS BIGINT) AS second
FROM finding AS f
CROSS JOIN period AS p
WHERE f.month = p.month AND f.state <> 'cleared'
  AND EXISTS (
    SELECT 1 FROM scope AS d
    WHERE d.list = 'divisions' AND SUBSTR(COALESCE(f.county, ''), 1, LENGTH(d.code)) = d.code
  )
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'findings' AND c.code IN ('', f.kind))
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'addressees' AND c.code IN ('', f.addressee))
  AND EXISTS (SELECT 1 FROM scope AS c WHERE c.list = 'referred_to' AND c.code IN ('', f.addressee))
  AND (
    (SELECT COUNT(*) FROM scope AS c WHERE c.list IN ('categories', 'certifiers') AND c.code = '') = 2
    OR EXISTS (SELECT 1 FROM held_in_scope AS h WHERE h.person_id = f.person_id)
    OR EXISTS (SELECT 1 FROM held_in_scope AS h WHERE h.household_key = f.household_key AND f.household_key <> '')
  )
GROUP BY
  CASE WHEN f.person_id >= 0 THEN CAST(f.person_id AS STRING) ELSE CONCAT('h', f.household_key) END,
  COALESCE(f.county, ''), f.kind
