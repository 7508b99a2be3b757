-- title: 疑似未参保
-- title_en: listed but not insured
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 医保办发〔2022〕21号；新疆通知（2023-02-09）第一条
-- A living person whom a department lists on the month's last day has no basic medical insurance on that day, anywhere,
-- as resident or employee. One finding a person; the category is the first the person holds, by code.
WITH uninsured AS (
  SELECT
    h.*,
    ROW_NUMBER() OVER (
      PARTITION BY h.person_id
      ORDER BY h.category NULLS LAST, h.source NULLS LAST, h.household_key NULLS LAST, h.valid_from NULLS LAST) AS nth
  FROM holding AS h
  LEFT JOIN insured_place AS i ON i.person_id = h.person_id
  WHERE h.living AND i.person_id IS NULL
)
SELECT person_id, county, category, batch_id, line, record_digest
FROM uninsured
WHERE nth = 1
