-- title: 身份已终止仍有标识
-- title_en: identity ended but still tagged
-- severity: medium
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 新疆通知（2023-02-09）第五条（按月比对）
-- Medical insurance still shows a category on the month's last day that its certifying department has ended and no
-- department holds up (subject: the category). A tag for which no certification was ever received is not of this kind.
WITH ended AS (
  SELECT DISTINCT s.person_id, s.category
  FROM category_spell AS s
  CROSS JOIN period AS p
  WHERE s.valid_until <= p.last_day
),
tagged AS (
  SELECT
    t.*,
    ROW_NUMBER() OVER (
      PARTITION BY t.person_id, t.category ORDER BY t.valid_from DESC NULLS LAST, t.record_digest NULLS LAST) AS nth
  FROM identity_tag AS t
  CROSS JOIN period AS p
  WHERE t.valid_from <= p.last_day AND t.valid_until > p.last_day
)
SELECT
  t.person_id, t.category AS subject, n.county, t.category, t.batch_id, t.line, t.record_digest
FROM tagged AS t
JOIN ended AS e ON e.person_id = t.person_id AND e.category = t.category
JOIN person AS n ON n.person_id = t.person_id
LEFT JOIN holding AS h ON h.person_id = t.person_id AND h.category = t.category
WHERE t.nth = 1 AND h.person_id IS NULL
