-- 实际适用的规则 Of the rules put to a settlement those that decide. Where one rule of an offer pays, those whose
-- conditions are known not to be met do not appear. Of rules with bands of cost the one decides whose band holds the
-- account's cost up to and with the settlement; where none does, the cost still counts, once, and nothing is paid.
WITH ordered AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, share, account, nth ORDER BY counted DESC NULLS LAST, rule_id NULLS LAST) AS turn
  FROM claim
  WHERE banded
),
summed AS (
  SELECT
    *,
    CAST(SUM(CASE WHEN turn = 1 THEN counted ELSE 0 END) OVER (
      PARTITION BY person_id, share, line_side, line_account, line_span ORDER BY nth NULLS LAST, turn NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS cost_so_far
  FROM ordered
),
placed AS (
  SELECT
    *,
    met IS NULL OR unknown = 1
    OR cost_so_far >= COALESCE(cost_from, 0) AND (cost_below IS NULL OR cost_so_far < cost_below) AS in_band
  FROM summed
),
chosen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, share, account, nth
      ORDER BY in_band AND met IS NOT FALSE DESC NULLS LAST, met DESC NULLS LAST, rule_id NULLS LAST) AS place
  FROM placed
),
every AS (
  SELECT
    person_id, nth, rule_id, care_id, account, share, line_account, line_side, visit_id, given, met, unsure, deducted,
    base_amount, CASE WHEN in_band THEN payable ELSE 0 END AS payable, days, counted, line_cost, unknown, line_span,
    tiers_span, cap_span, group_span, in_band
  FROM chosen
  WHERE place = 1 OR in_band AND met IS NOT FALSE
  UNION ALL
  SELECT
    person_id, nth, rule_id, care_id, account, share, line_account, line_side, visit_id, given, met, unsure, deducted,
    base_amount, payable, days, counted, line_cost, unknown, line_span, tiers_span, cap_span, group_span, TRUE
  FROM claim
  WHERE NOT banded
),
judged AS (
  SELECT
    *, MAX(CASE WHEN met IS FALSE THEN 0 ELSE 1 END) OVER (PARTITION BY person_id, nth, share) AS paying
  FROM every
)
SELECT * FROM judged WHERE met IS NOT FALSE OR paying = 0
