-- 累计与起付线 What is counted before and with each settlement, what of it is above the line, and whether anything before
-- it is unknown. `over` is the settlement's part above the line, `over_before` what was above it before.
-- The line is the rule's, that of the n-th admission, or a share of the cost counted so far between a least and a most.
-- A share may rise faster than the cost that is counted: what was above the line once stays above it. `line_left` is
-- what is left of the line; no more than `lines_most` is borne below lines in a year by one document's rules.
WITH limited AS (
  SELECT
    c.*, r.threshold, r.stay_lines, r.line_share, r.line_least, r.line_most, r.lines_most, r.document, r.benefit, r.cap,
    CASE WHEN r.cost_cap IS NULL THEN c.counted
      ELSE LEAST(CAST(SUM(c.counted) OVER capping AS BIGINT), r.cost_cap)
        - LEAST(CAST(SUM(c.counted) OVER capping AS BIGINT) - c.counted, r.cost_cap) END AS within,
    CASE WHEN r.cost_cap IS NULL THEN 0
      ELSE c.counted - LEAST(CAST(SUM(c.counted) OVER capping AS BIGINT), r.cost_cap)
        + LEAST(CAST(SUM(c.counted) OVER capping AS BIGINT) - c.counted, r.cost_cap) END AS uncounted,
    COALESCE(r.first_own, 0) AS first_own, LEAST(
      a.admission, LENGTH(r.stay_lines) - LENGTH(REPLACE(r.stay_lines, ',', '')) + 1) AS admission,
    CAST(SUM(c.unknown) OVER capping AS BIGINT) - c.unknown AS unknown_in_cap
  FROM claimed AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  LEFT JOIN admission AS a
    ON r.stay_lines <> '' AND a.settings = r.settings AND a.person_id = c.person_id AND a.visit_id = c.visit_id
  WINDOW capping AS (
    PARTITION BY c.person_id, c.account, c.cap_span ORDER BY c.nth NULLS LAST, c.rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
summed AS (
  SELECT
    *,
    CASE WHEN stay_lines <> '' THEN CAST(SPLIT_PART(stay_lines, ',', CAST(admission AS INTEGER)) AS BIGINT)
      ELSE threshold END AS line,
    CAST(SUM(within) OVER running AS BIGINT) AS summed,
    CAST(SUM(within) OVER running AS BIGINT) - within AS summed_before,
    CAST(SUM(line_cost) OVER running AS BIGINT) AS cost,
    CAST(SUM(unknown) OVER running AS BIGINT) - unknown
    + CASE WHEN cap IS NULL THEN 0 ELSE unknown_in_cap END AS unknown_before
  FROM limited
  WINDOW running AS (
    PARTITION BY person_id, line_side, line_account, line_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
lined AS (
  SELECT
    *, summed - half_up(summed, first_own) AS after, summed_before - half_up(summed_before, first_own) AS before,
    CASE WHEN line_share IS NULL THEN line
      ELSE GREATEST(LEAST(half_up(cost, line_share), line_most), line_least) END AS line_here
  FROM summed
),
passed AS (
  SELECT *, GREATEST(after - line_here, 0) AS above, GREATEST(before - line_here, 0) AS above_before
  FROM lined
),
kept AS (
  SELECT
    *,
    CASE WHEN line_share IS NULL THEN above_before ELSE COALESCE(MAX(above) OVER earlier, 0) END AS over_before,
    CASE WHEN line_share IS NULL THEN above ELSE GREATEST(above, COALESCE(MAX(above) OVER earlier, 0)) END AS over_after
  FROM passed
  WINDOW earlier AS (
    PARTITION BY person_id, line_side, line_account, line_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
borne AS (
  SELECT
    *,
    CAST(SUM(CASE WHEN lines_most IS NULL THEN 0 ELSE after - before - over_after + over_before END) OVER (
      PARTITION BY person_id, share, document, benefit ORDER BY nth NULLS LAST, rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS borne
  FROM kept
),
taken AS (
  SELECT
    *,
    after - before - CASE WHEN lines_most IS NULL THEN after - before - over_after + over_before
      ELSE LEAST(borne, lines_most)
        - LEAST(borne - (after - before - over_after + over_before), lines_most) END AS over,
    GREATEST(LEAST(
      line_here - before, lines_most - borne + (after - before - over_after + over_before)), 0) AS line_left
  FROM borne
)
SELECT
  person_id, nth, rule_id, care_id, account, share, visit_id, cap_span, group_span, given, met, unsure, deducted,
  base_amount, payable, days, in_band, line_side, line_account, line_span, uncounted, unknown, unknown_before, before,
  after, after - before AS counted, over, over_before,
  over_after, CASE WHEN line_here IS NOT NULL THEN line_left END AS line,
  CAST(SUM(over) OVER tiering AS BIGINT) AS tier_over, CAST(SUM(after - before) OVER tiering AS BIGINT) AS tier_counted
FROM taken
WINDOW tiering AS (
  PARTITION BY person_id, account, tiers_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
