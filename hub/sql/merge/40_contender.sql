-- 竞争规则 The rules that reach a person in each segment, one row a rule, with the row of the spell through which it does.
-- `offered`: the region's mode puts it to the choice. `per_benefit` offers all; `by_category` offers only those of the
-- category of highest rank that the region's rules name, for all benefits (pins.md 1), and the rules for everyone.
WITH met AS (
  SELECT
    r.person_id, s.seg_from, s.seg_until, r.rule_id, r.insutype, r.held_there, r.batch_id, r.line,
    ROW_NUMBER() OVER (
      PARTITION BY r.person_id, s.seg_from, r.rule_id
      ORDER BY r.held_there DESC NULLS LAST, r.held_from NULLS LAST, r.source NULLS LAST, r.household_key NULLS LAST
    ) AS nth
  FROM reach AS r
  JOIN segment AS s ON s.person_id = r.person_id AND s.seg_from >= r.valid_from AND s.seg_until <= r.valid_until
)
SELECT
  m.person_id, m.seg_from, m.seg_until, m.rule_id, m.insutype, m.held_there, m.batch_id, m.line,
  r.benefit, r.category, r.region, r.rank, r.determined,
  r.mode <> 'by_category' OR r.category = '*' OR r.category = FIRST_VALUE(r.category) OVER (
    PARTITION BY m.person_id, m.seg_from, r.region, r.mode
    ORDER BY r.rank NULLS LAST, r.category NULLS LAST) AS offered
FROM met AS m
JOIN rule AS r ON r.rule_id = m.rule_id
WHERE m.nth = 1
