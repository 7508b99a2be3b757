-- 候选名单 The rules that contend in each stretch, one row a rule. `sole`: offered, and nothing contends with it.
SELECT
  t.stretch_id, t.situation_id, t.benefit, c.rule_id, c.insutype, c.held_there, c.offered, c.code, r.category, r.region,
  r.rank, r.determined, r.measure_id, r.threshold, r.ratio, r.cap,
  COUNT(*) OVER (PARTITION BY t.stretch_id) = 1 AND c.offered AS sole
FROM stretch AS t
JOIN contender AS c
  ON c.situation_id = t.situation_id AND c.benefit = t.benefit AND c.seg_from = t.valid_from
JOIN rule AS r ON r.rule_id = c.rule_id
