-- 预警筛查对象 Who is screened by which warning rule on the month's last day: one category a person and rule.
-- A rule for categories screens who holds one; a rule for '*' screens every insured person. The rule is of the region
-- it names itself. A rule may tell several departments (nine at most): one row each.
WITH watch AS (
  SELECT r.*
  FROM rule_in_force AS r
  CROSS JOIN period AS p
  WHERE r.benefit = 'warning' AND r.determined AND r.valid_from <= p.last_day AND r.valid_until > p.last_day
),
asked AS (
  SELECT
    h.person_id, h.category, h.household_key, h.level, COALESCE(i.insutype, '390') AS insutype,
    'certified' AS whose_region, h.region AS rule_region
  FROM holding AS h
  LEFT JOIN insured_place AS i ON i.person_id = h.person_id
  UNION ALL
  SELECT
    h.person_id, h.category, h.household_key, h.level, COALESCE(i.insutype, '390'),
    'insured', COALESCE(i.region, h.region)
  FROM holding AS h
  LEFT JOIN insured_place AS i ON i.person_id = h.person_id
  UNION ALL
  SELECT person_id, '*', '', 'person', insutype, 'insured', region FROM insured_place
  UNION ALL
  SELECT person_id, '*', '', 'person', insutype, 'certified', region FROM insured_place
),
met AS (
  SELECT
    a.person_id, a.category,
    CASE WHEN a.level = 'household' THEN a.household_key ELSE '' END AS household_key,
    r.rule_key, r.document, r.article, r.line AS threshold, r.base, r.period, r.settings, r.insutypes, r.addressee,
    ROW_NUMBER() OVER (
      PARTITION BY a.person_id, r.rule_key
      ORDER BY r.rank NULLS LAST, a.category NULLS LAST, r.line NULLS LAST, a.household_key NULLS LAST,
               r.region NULLS LAST) AS nth
  FROM asked AS a
  JOIN watch AS r ON r.category = a.category AND r.whose_region = a.whose_region AND r.region = a.rule_region
  WHERE r.insutypes = '' OR ',' || r.insutypes || ',' LIKE '%,' || a.insutype || ',%'
)
SELECT
  m.person_id, m.category, m.household_key, m.rule_key, m.document, m.article, m.threshold, m.base, m.period,
  m.settings, m.insutypes, SPLIT_PART(m.addressee, ',', n.nth) AS addressee
FROM met AS m
CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS n (nth)
WHERE m.nth = 1 AND SPLIT_PART(m.addressee, ',', n.nth) <> ''
