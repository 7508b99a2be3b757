-- 医疗救助 Medical assistance on the person's own costs of the year so far: what is above the line of what basic and
-- serious-illness insurance left, times the ratio, half up to the fen, up to the cap, never above what is left.
-- Per year or per stay, as the rule says. No rule can give more than what is left. NULL is no cap (LEAST skips it).
WITH asked AS (
  SELECT
    c.*, r.threshold, r.ratio, r.cap, r.settings, r.insutypes, r.base, r.period
  FROM contender AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  WHERE c.benefit = 'medical_assistance'
),
stay AS (
  SELECT
    a.person_id, a.seg_from, a.rule_id,
    CAST(SUM(LEAST(
      half_up(GREATEST(CASE WHEN a.base = 'scope' THEN v.scope ELSE v.remaining END - a.threshold, 0), a.ratio),
      a.cap, GREATEST(v.remaining, 0))) AS BIGINT) AS amount
  FROM asked AS a
  JOIN visit_cost AS v ON v.person_id = a.person_id AND v.settings = a.settings AND v.insutypes = a.insutypes
  WHERE a.determined AND a.period = 'stay'
  GROUP BY a.person_id, a.seg_from, a.rule_id
)
SELECT
  a.person_id, a.seg_from, a.seg_until, a.rule_id, a.category, a.region, a.rank, a.offered, a.held_there, a.determined,
  CASE
    WHEN NOT a.determined THEN CAST(NULL AS BIGINT)
    WHEN a.period = 'stay' THEN LEAST(COALESCE(s.amount, 0), COALESCE(y.remaining, 0))
    ELSE LEAST(
      half_up(
        GREATEST(COALESCE(CASE WHEN a.base = 'scope' THEN y.scope ELSE y.remaining END, 0) - a.threshold, 0), a.ratio),
      a.cap, COALESCE(y.remaining, 0))
  END AS annual_amount,
  COALESCE(y.remaining, 0) AS most, CAST(NULL AS STRING) AS why_not, CAST(NULL AS STRING) AS doubt, a.batch_id, a.line
FROM asked AS a
LEFT JOIN year_cost AS y ON y.person_id = a.person_id AND y.settings = a.settings AND y.insutypes = a.insutypes
LEFT JOIN stay AS s ON s.person_id = a.person_id AND s.seg_from = a.seg_from AND s.rule_id = a.rule_id
