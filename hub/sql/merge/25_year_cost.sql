-- 年度费用 A person's cost of the year so far, for each choice of care; never below nothing.
SELECT
  person_id, settings, insutypes,
  GREATEST(CAST(SUM(scope) AS BIGINT), 0) AS scope, GREATEST(CAST(SUM(remaining) AS BIGINT), 0) AS remaining
FROM visit_cost
GROUP BY person_id, settings, insutypes
