-- 时间分段 The year of a situation, cut at every day on which a rule begins or ceases to reach it.
WITH edge AS (
  SELECT situation_id, valid_from AS day FROM reach
  UNION
  SELECT situation_id, valid_until FROM reach
),
cut AS (
  SELECT
    situation_id, day AS seg_from,
    LEAD(day) OVER (PARTITION BY situation_id ORDER BY day NULLS LAST) AS seg_until
  FROM edge
)
SELECT situation_id, seg_from, seg_until FROM cut WHERE seg_until IS NOT NULL
