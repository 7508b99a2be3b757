-- 候选名单 The rules that contend in each stretch, one row a rule. `turn`: their order where they give the same amount.
-- `sole`: offered, and nothing contends with it. `simple`: all rules of the stretch are determined, and none shares its
-- category with another, so that each is an offer of its own.
WITH listed AS (
  SELECT
    t.stretch_id, t.situation_id, t.benefit, c.rule_id, c.insutype, c.held_there, c.offered, c.code, r.category,
    r.region, r.rank, r.determined, r.measure_id, r.threshold, r.ratio, r.cap,
    COUNT(*) OVER (PARTITION BY t.stretch_id, r.category) AS of_category
  FROM stretch AS t
  JOIN contender AS c
    ON c.situation_id = t.situation_id AND c.benefit = t.benefit AND c.seg_from = t.valid_from
  JOIN rule AS r ON r.rule_id = c.rule_id
)
SELECT
  stretch_id, situation_id, benefit, rule_id, insutype, held_there, offered, code, category, region, rank, determined,
  measure_id, threshold, ratio, cap,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY stretch_id
    ORDER BY offered DESC NULLS LAST, rank NULLS LAST, category NULLS LAST, region NULLS LAST, rule_id NULLS LAST
  ) AS INTEGER) AS turn,
  COUNT(*) OVER (PARTITION BY stretch_id) = 1 AND offered AS sole,
  MAX(of_category) OVER (PARTITION BY stretch_id) = 1 AND BOOL_AND(determined) OVER (PARTITION BY stretch_id) AS simple
FROM listed
