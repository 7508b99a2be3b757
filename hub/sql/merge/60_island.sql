-- 合并时段 Adjacent segments in which a benefit's rules, places and amounts are the same, joined into one.
WITH sized AS (
  SELECT
    w.person_id, w.benefit, w.seg_from, w.seg_until, w.place, r.shown, w.determined, w.annual_amount, w.offer_amount,
    w.reason, w.remark, w.batch_id, w.line,
    COUNT(*) OVER (PARTITION BY w.person_id, w.benefit, w.seg_from) AS size
  FROM ranked AS w
  JOIN rule AS r ON r.rule_id = w.rule_id
),
compared AS (
  SELECT
    person_id, benefit, seg_from, seg_until,
    CASE
      WHEN LAG(seg_until) OVER before = seg_from AND LAG(size) OVER before = size AND LAG(shown) OVER before = shown
       AND LAG(reason) OVER before = reason AND LAG(batch_id) OVER before = batch_id AND LAG(line) OVER before = line
       AND LAG(determined) OVER before = determined
       AND LAG(annual_amount) OVER before IS NOT DISTINCT FROM annual_amount
       AND LAG(offer_amount) OVER before IS NOT DISTINCT FROM offer_amount
       AND LAG(remark) OVER before IS NOT DISTINCT FROM remark
      THEN 0 ELSE 1
    END AS changed
  FROM sized
  WINDOW before AS (PARTITION BY person_id, benefit, place ORDER BY seg_from NULLS LAST)
),
step AS (
  SELECT person_id, benefit, seg_from, MIN(seg_until) AS seg_until, MAX(changed) AS changed
  FROM compared
  GROUP BY person_id, benefit, seg_from
),
numbered AS (
  SELECT
    *,
    CAST(SUM(changed) OVER (
      PARTITION BY person_id, benefit ORDER BY seg_from NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS island
  FROM step
)
SELECT person_id, benefit, MIN(seg_from) AS valid_from, MAX(seg_until) AS valid_until
FROM numbered
GROUP BY person_id, benefit, island
