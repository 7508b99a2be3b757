-- 竞争规则 The rules that reach a situation in each segment, one row a rule, with the spells (`code`) that bring it.
-- `offered`: the region's mode puts it to the choice. `per_benefit` offers all; `by_category` offers only those of the
-- category of highest rank that the region's rules name, for all benefits (pins.md 1), and the rules for everyone.
-- `doubtful`: what it gives may stay undetermined.
WITH met AS (
  SELECT
    r.situation_id, s.seg_from, s.seg_until, r.rule_id, r.insutype, r.held_there, r.code,
    ROW_NUMBER() OVER (
      PARTITION BY r.situation_id, s.seg_from, r.rule_id
      ORDER BY r.held_there DESC NULLS LAST, r.held_from NULLS LAST, r.held_until DESC NULLS LAST, r.code NULLS LAST
    ) AS nth
  FROM reach AS r
  JOIN segment AS s ON s.situation_id = r.situation_id AND s.seg_from >= r.valid_from AND s.seg_until <= r.valid_until
)
SELECT
  m.situation_id, m.seg_from, m.seg_until, m.rule_id, m.insutype, m.held_there, m.code,
  r.benefit, r.category, r.region, r.rank, r.determined, r.shown,
  NOT r.determined OR r.conditions <> '' OR r.hospital_levels <> '' OR r.on_application AS doubtful,
  r.mode <> 'by_category' OR r.category = '*' OR r.category = FIRST_VALUE(r.category) OVER (
    PARTITION BY m.situation_id, m.seg_from, r.region, r.mode
    ORDER BY r.rank NULLS LAST, r.category NULLS LAST) AS offered
FROM met AS m
JOIN rule AS r ON r.rule_id = m.rule_id
WHERE m.nth = 1
