-- 适用规则 Each rule that reaches a person through a category, and the days on which it does, within the benefit year.
-- The rule is of the region that it names itself (pins.md 4): where the person is insured on the month's last day (else
-- where the category is held), or where the category is held. `held_there`: the category is held in the rule's region.
-- A rule for certain insurances reaches who has one of them; who has none is taken for a resident (390).
-- Insurance reaches those whose insurance is to be computed; its rules for everyone (`*`) need no category.
WITH held AS (
  SELECT
    s.person_id, s.category, s.valid_from, s.valid_until, s.region, s.source, s.household_key, s.batch_id, s.line,
    COALESCE(i.insutype, '390') AS insutype, i.region AS insured_region
  FROM category_spell AS s
  CROSS JOIN period AS p
  LEFT JOIN insured_place AS i ON i.person_id = s.person_id
  WHERE s.valid_from < p.year_end AND s.valid_until > p.year_start
  UNION ALL
  SELECT
    u.person_id, '*', p.year_start, p.year_end, i.region, '', '', CAST(NULL AS BIGINT), CAST(NULL AS INTEGER),
    i.insutype, i.region
  FROM uninsured_cost AS u
  CROSS JOIN period AS p
  JOIN insured_place AS i ON i.person_id = u.person_id
),
asked AS (
  SELECT h.*, 'certified' AS whose_region, h.region AS rule_region FROM held AS h
  UNION ALL
  SELECT h.*, 'insured', COALESCE(h.insured_region, h.region) FROM held AS h
),
met AS (
  SELECT
    a.person_id, r.rule_id, a.insutype, a.region = r.region AS held_there, a.source, a.household_key,
    a.valid_from AS held_from, a.batch_id, a.line,
    GREATEST(a.valid_from, r.valid_from, p.year_start) AS valid_from,
    LEAST(a.valid_until, r.valid_until, p.year_end) AS valid_until
  FROM asked AS a
  CROSS JOIN period AS p
  JOIN rule AS r ON r.category = a.category AND r.whose_region = a.whose_region AND r.region = a.rule_region
  LEFT JOIN uninsured_cost AS u ON u.person_id = a.person_id
  WHERE (r.insutypes = '' OR ',' || r.insutypes || ',' LIKE '%,' || a.insutype || ',%')
    AND (r.benefit NOT IN ('basic_insurance', 'serious_illness') OR u.person_id IS NOT NULL)
)
SELECT * FROM met WHERE valid_from < valid_until
