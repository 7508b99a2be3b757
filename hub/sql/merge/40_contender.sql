-- 竞争规则 The rules that reach a person in each segment, one row a rule, with the spell through which it does.
-- `offered`: the region's mode puts it to the choice. `per_benefit` offers all; `by_category` offers only those of the
-- category of highest rank that the region's rules name, for all benefits (pins.md 1).
WITH met AS (
  SELECT
    s.seg_from, s.seg_until, r.*,
    ROW_NUMBER() OVER (
      PARTITION BY r.person_id, s.seg_from, r.benefit, r.category, r.region, r.rule_key
      ORDER BY r.held_there DESC NULLS LAST, r.held_from NULLS LAST, r.source NULLS LAST, r.household_key NULLS LAST,
               r.record_digest NULLS LAST, r.batch_id NULLS LAST, r.line NULLS LAST) AS nth
  FROM reach AS r
  JOIN segment AS s ON s.person_id = r.person_id AND s.seg_from >= r.valid_from AND s.seg_until <= r.valid_until
)
SELECT
  m.*,
  m.mode <> 'by_category' OR m.category = FIRST_VALUE(m.category) OVER (
    PARTITION BY m.person_id, m.seg_from, m.region, m.mode
    ORDER BY m.rank NULLS LAST, m.category NULLS LAST) AS offered
FROM met AS m
WHERE m.nth = 1
