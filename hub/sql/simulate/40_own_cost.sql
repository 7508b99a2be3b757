-- 个人负担 What the persons whom a benefit by settlement reaches bear in scope themselves, in the year so far, before and
-- after the change. Who receives more is lifted: the own cost falls by as much. Who has an undetermined part is counted
-- and in neither sum.
WITH scope AS (
  SELECT
    person_id,
    CAST(SUM(scope - COALESCE(basic_paid, 0) - COALESCE(serious_illness_paid, 0)) AS BIGINT) AS borne
  FROM cost
  GROUP BY person_id
),
received AS (
  SELECT
    person_id, CAST(SUM(cost_before) AS BIGINT) AS cost_before, CAST(SUM(cost_after) AS BIGINT) AS cost_after,
    NOT BOOL_OR(unknown_before OR unknown_after) AS known
  FROM compared
  WHERE benefit <> 'premium_subsidy'
  GROUP BY person_id
)
SELECT
  COUNT(*) AS persons,
  COALESCE(CAST(SUM(CASE WHEN r.known THEN s.borne - r.cost_before ELSE 0 END) AS BIGINT), 0) AS own_before,
  COALESCE(CAST(SUM(CASE WHEN r.known THEN s.borne - r.cost_after ELSE 0 END) AS BIGINT), 0) AS own_after,
  COALESCE(CAST(SUM(CASE WHEN r.known AND r.cost_after > r.cost_before THEN 1 ELSE 0 END) AS BIGINT), 0) AS lifted,
  COALESCE(CAST(SUM(CASE WHEN r.known AND r.cost_after < r.cost_before THEN 1 ELSE 0 END) AS BIGINT), 0) AS lowered,
  COALESCE(CAST(SUM(CASE WHEN r.known AND r.cost_after = r.cost_before THEN 1 ELSE 0 END) AS BIGINT), 0) AS unchanged,
  COALESCE(CAST(SUM(CASE WHEN r.known THEN 0 ELSE 1 END) AS BIGINT), 0) AS undetermined
FROM received AS r
JOIN scope AS s ON s.person_id = r.person_id
