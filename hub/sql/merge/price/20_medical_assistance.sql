-- 医疗救助 Medical assistance on the person's own costs of the year so far: what is above the line of what basic and
-- serious-illness insurance left, times the ratio, half up to the fen, up to the cap, never above what is left.
-- Per year or per stay, as the rule says. No rule can give more than what is left. NULL is no cap (LEAST skips it).
WITH stay AS (
  SELECT
    c.person_id, c.seg_from, c.category, c.region, c.rule_key,
    CAST(SUM(LEAST(
      half_up(GREATEST(CASE WHEN c.base = 'scope' THEN v.scope ELSE v.remaining END - c.threshold, 0), c.ratio),
      c.cap, GREATEST(v.remaining, 0))) AS BIGINT) AS amount
  FROM contender AS c
  JOIN visit_cost AS v ON v.person_id = c.person_id AND v.settings = c.settings AND v.insutypes = c.insutypes
  WHERE c.benefit = 'medical_assistance' AND c.period = 'stay'
  GROUP BY c.person_id, c.seg_from, c.category, c.region, c.rule_key
)
SELECT
  c.person_id, c.seg_from, c.seg_until, c.benefit, c.category, c.region, c.rule_key, c.document, c.article, c.rank, c.mode,
  c.offered, c.held_there, c.determined, c.undetermined_reason,
  CASE
    WHEN NOT c.determined THEN CAST(NULL AS BIGINT)
    WHEN c.period = 'stay' THEN LEAST(COALESCE(s.amount, 0), COALESCE(y.remaining, 0))
    ELSE LEAST(
      half_up(GREATEST(COALESCE(CASE WHEN c.base = 'scope' THEN y.scope ELSE y.remaining END, 0) - c.threshold, 0), c.ratio),
      c.cap, COALESCE(y.remaining, 0))
  END AS annual_amount,
  COALESCE(y.remaining, 0) AS most, CAST(NULL AS STRING) AS doubt, c.batch_id, c.line, c.record_digest
FROM contender AS c
LEFT JOIN year_cost AS y ON y.person_id = c.person_id AND y.settings = c.settings AND y.insutypes = c.insutypes
LEFT JOIN stay AS s
  ON s.person_id = c.person_id AND s.seg_from = c.seg_from AND s.category = c.category AND s.region = c.region
 AND s.rule_key = c.rule_key
WHERE c.benefit = 'medical_assistance'
