-- 变更前后 Each person and benefit, before and after a change of rules. A part that no rule reaches is 0; a part that is
-- undetermined on either side is in neither cost: its amount on the other side, where known, stands apart.
-- The person stands under one category and county: those of the last settlement, or entitlement, after the change, else
-- before it. `outcome` parts the persons: each has exactly one.
WITH side AS (
  SELECT person_id, benefit, setl_id, nth, amount, category, county, FALSE AS later FROM received_before
  UNION ALL
  SELECT person_id, benefit, setl_id, nth, amount, category, county, TRUE FROM received_after
),
part AS (
  SELECT
    person_id, benefit, setl_id, BOOL_OR(NOT later) AS reached_before, BOOL_OR(later) AS reached_after,
    CAST(SUM(CASE WHEN later THEN 0 ELSE COALESCE(amount, 0) END) AS BIGINT) AS amount_before,
    CAST(SUM(CASE WHEN later THEN COALESCE(amount, 0) ELSE 0 END) AS BIGINT) AS amount_after,
    BOOL_OR(NOT later AND amount IS NULL) AS unknown_before, BOOL_OR(later AND amount IS NULL) AS unknown_after
  FROM side
  GROUP BY person_id, benefit, setl_id
),
summed AS (
  SELECT
    person_id, benefit, BOOL_OR(reached_before) AS reached_before, BOOL_OR(reached_after) AS reached_after,
    BOOL_OR(unknown_before) AS unknown_before, BOOL_OR(unknown_after) AS unknown_after,
    CAST(SUM(CASE WHEN unknown_before OR unknown_after THEN 0 ELSE amount_before END) AS BIGINT) AS cost_before,
    CAST(SUM(CASE WHEN unknown_before OR unknown_after THEN 0 ELSE amount_after END) AS BIGINT) AS cost_after,
    CAST(SUM(CASE WHEN unknown_after THEN amount_before ELSE 0 END) AS BIGINT) AS known_only_before,
    CAST(SUM(CASE WHEN unknown_before THEN amount_after ELSE 0 END) AS BIGINT) AS known_only_after
  FROM part
  GROUP BY person_id, benefit
),
place AS (
  SELECT
    person_id, benefit, category, county,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, benefit
      ORDER BY later DESC NULLS LAST, nth DESC NULLS LAST, setl_id DESC NULLS LAST) AS nth
  FROM side
)
SELECT
  s.person_id, s.benefit, p.category, p.county, s.unknown_before, s.unknown_after, s.cost_before, s.cost_after,
  s.known_only_before, s.known_only_after,
  CASE
    WHEN NOT s.reached_before THEN 'newly_reached'
    WHEN NOT s.reached_after THEN 'no_longer_reached'
    WHEN s.unknown_before OR s.unknown_after THEN 'undetermined'
    WHEN s.cost_after > s.cost_before THEN 'lifted'
    WHEN s.cost_after < s.cost_before THEN 'lowered'
    ELSE 'unchanged'
  END AS outcome
FROM summed AS s
JOIN place AS p ON p.person_id = s.person_id AND p.benefit = s.benefit AND p.nth = 1
