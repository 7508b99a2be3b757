-- 年内累计 What was counted before each settlement in its account, and whether anything before it is unknown.
SELECT
  *,
  CAST(SUM(counted) OVER running AS BIGINT) - counted AS before,
  CAST(SUM(unknown) OVER running AS BIGINT) - unknown AS unknown_before
FROM claim
WINDOW running AS (
  PARTITION BY person_id, account, stay ORDER BY nth NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
