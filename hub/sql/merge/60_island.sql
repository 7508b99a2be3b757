-- 合并时段 Adjacent segments in which a benefit's rules, places and amounts are the same, joined into one.
WITH worded AS (
  SELECT
    person_id, benefit, seg_from, seg_until, place,
    COUNT(*) OVER (PARTITION BY person_id, benefit, seg_from) AS size,
    CONCAT(
      category, '|', region, '|', rule_key, '|', reason, '|', mode, '|', CAST(determined AS STRING), '|',
      COALESCE(CAST(annual_amount AS STRING), '-'), '|', COALESCE(CAST(offer_amount AS STRING), '-'), '|', COALESCE(undetermined_reason, '-'), '|',
      CAST(batch_id AS STRING), '|', CAST(line AS STRING)) AS content
  FROM ranked
),
compared AS (
  SELECT
    person_id, benefit, seg_from, seg_until,
    CASE
      WHEN LAG(seg_until) OVER before = seg_from AND LAG(size) OVER before = size AND LAG(content) OVER before = content
      THEN 0 ELSE 1
    END AS changed
  FROM worded
  WINDOW before AS (PARTITION BY person_id, benefit, place ORDER BY seg_from NULLS LAST)
),
step AS (
  SELECT person_id, benefit, seg_from, MIN(seg_until) AS seg_until, MAX(changed) AS changed
  FROM compared
  GROUP BY person_id, benefit, seg_from
),
numbered AS (
  SELECT
    *, SUM(changed) OVER (
      PARTITION BY person_id, benefit ORDER BY seg_from NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
  FROM step
)
SELECT person_id, benefit, MIN(seg_from) AS valid_from, MAX(seg_until) AS valid_until
FROM numbered
GROUP BY person_id, benefit, island
