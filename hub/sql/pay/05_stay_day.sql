-- 住院天数 How many days each settlement adds to those of its visit, where some rule counts by days: from admission to
-- discharge, one at least. NULL for a stay whose admission nobody tells.
WITH asked AS (
  SELECT COUNT(*) AS rules FROM rule WHERE COALESCE(pay_per_day, cost_per_day) IS NOT NULL
),
stay AS (
  SELECT
    c.person_id, c.nth, c.visit_id,
    CASE
      WHEN MIN(c.admitted) OVER upto IS NOT NULL
      THEN GREATEST(days_between(MIN(c.admitted) OVER upto, MAX(c.discharged) OVER upto), 1)
      WHEN k.setting <> 'inpatient' THEN 1
    END AS days
  FROM close_charge AS c
  CROSS JOIN asked AS a
  JOIN care AS k ON k.care_id = c.care_id
  WHERE a.rules > 0
  WINDOW upto AS (
    PARTITION BY c.person_id, c.visit_id ORDER BY c.nth NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  person_id, nth,
  CASE WHEN days IS NOT NULL THEN GREATEST(days - COALESCE(MAX(days) OVER (
    PARTITION BY person_id, visit_id ORDER BY nth NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)
  END AS days
FROM stay
