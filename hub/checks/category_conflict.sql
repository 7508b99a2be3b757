-- title: 身份互斥
-- title_en: mutually exclusive categories
-- severity: medium
-- addressee: civil_affairs
-- deadline_days: 30
-- citation: config/categories.toml（互斥身份）
-- A living person holds, on the month's last day, two categories that exclude each other by definition (subject: both).
-- The department that certified the first is asked.
WITH pair AS (
  SELECT
    a.person_id, a.category || '+' || b.category AS subject, a.county, a.category, a.certifier AS addressee,
    a.batch_id, a.line, a.record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY a.person_id, a.category, b.category
      ORDER BY a.source NULLS LAST, a.household_key NULLS LAST, a.valid_from NULLS LAST) AS nth
  FROM exclusion AS x
  JOIN holding AS a ON a.category = x.category_a
  JOIN holding AS b ON b.person_id = a.person_id AND b.category = x.category_b
  WHERE a.living
)
SELECT person_id, subject, county, category, addressee, batch_id, line, record_digest
FROM pair
WHERE nth = 1
