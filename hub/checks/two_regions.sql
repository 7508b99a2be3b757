-- title: 两地身份
-- title_en: one category held in two regions
-- severity: medium
-- addressee: civil_affairs
-- deadline_days: 30
-- citation: 新疆通知（2023-02-09）第四条（避免重复救助）
-- A living person holds, on the month's last day, one category in two regions, and both have a rule for a benefit
-- (subject: the benefit). One region pays; the other's rule was set aside, although the category is held there too (a
-- rule of a region where it is not held is always set aside, and is none). The department that certified the category
-- there is asked. Expected: what the paying region gives for the year.
WITH set_aside AS (
  SELECT
    k.person_id, k.benefit, k.category, e.annual_amount AS expected, a.county, a.certifier AS addressee,
    a.batch_id, a.line, a.record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY k.person_id, k.benefit
      ORDER BY k.place NULLS LAST, a.source NULLS LAST, a.household_key NULLS LAST, a.valid_from NULLS LAST) AS nth
  FROM entitlement_candidate AS k
  CROSS JOIN period AS p
  JOIN holding AS a ON a.person_id = k.person_id AND a.category = k.category AND a.region = k.region
  JOIN entitlement AS e ON e.person_id = k.person_id AND e.benefit = k.benefit AND e.valid_from = k.valid_from
  WHERE k.reason = 'other_region' AND a.living AND k.valid_from <= p.last_day AND k.valid_until > p.last_day
)
SELECT person_id, benefit AS subject, county, category, addressee, expected, batch_id, line, record_digest
FROM set_aside
WHERE nth = 1
