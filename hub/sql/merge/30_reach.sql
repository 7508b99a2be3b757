-- 适用规则 Each rule that reaches a situation through a category, and the days on which it does, within the benefit year.
-- The rule is of the region that it names itself (pins.md 4): where the person is insured on the month's last day (else
-- where the category is held), or where the category is held. `held_there`: the category is held in the rule's region.
-- A rule for certain insurances reaches who has one of them; who has none is taken for a resident (390).
-- On the day before the year, which stands for those on which earlier stays began, the rules of the first day apply.
-- Insurance reaches those whose insurance is to be computed; its rules for everyone (`*`) need no category.
WITH held AS (
  SELECT DISTINCT
    t.situation_id, s.category, s.valid_from, s.valid_until, s.region, s.code, s.look_back, t.insutype,
    t.region AS insured_region, t.computed
  FROM situation AS t
  JOIN spell_code AS s ON s.person_id = t.situation_id
  UNION ALL
  SELECT
    t.situation_id, '*', p.year_start - 1, p.year_end, t.region, CAST(0 AS BIGINT), 0, t.insutype, t.region,
    t.computed
  FROM situation AS t
  CROSS JOIN period AS p
  WHERE t.computed AND t.region IS NOT NULL
),
asked AS (
  SELECT h.*, 'certified' AS whose_region, h.region AS rule_region FROM held AS h
  UNION ALL
  SELECT h.*, 'insured', COALESCE(h.insured_region, h.region) FROM held AS h
),
met AS (
  SELECT
    a.situation_id, r.rule_id, a.insutype, a.region = r.region AS held_there, a.code, a.valid_from AS held_from,
    a.valid_until AS held_until,
    CASE WHEN r.valid_from <= p.year_start THEN a.valid_from ELSE GREATEST(a.valid_from, r.valid_from) END
      AS valid_from,
    LEAST(a.valid_until, r.valid_until) AS valid_until
  FROM asked AS a
  CROSS JOIN period AS p
  JOIN rule AS r ON r.category = a.category AND r.whose_region = a.whose_region AND r.region = a.rule_region
  WHERE (r.insutypes = '' OR ',' || r.insutypes || ',' LIKE '%,' || a.insutype || ',%')
    AND (a.look_back = 0 OR a.look_back = r.look_back)
    AND (r.benefit NOT IN ('basic_insurance', 'serious_illness') OR a.computed)
)
SELECT * FROM met WHERE valid_from < valid_until
