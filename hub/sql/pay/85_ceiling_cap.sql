-- 综合上限 What assistance may pay of each settlement under a ceiling that caps: at no settlement of the ceiling's period
-- may all that was paid so far, insurance and the earlier layer among it, be more than the ceiling's share of the cost
-- so far. Insurance is never cut; medical assistance comes before tilt for the whole period.
WITH allowing AS (
  SELECT
    g.person_id, c.nth, g.span,
    half_up(GREATEST(CAST(SUM(g.allowed) OVER upto AS BIGINT) - 5000, 0), 1)
    - CAST(SUM(s.scope - s.unpaid + g.aid) OVER upto AS BIGINT) AS left_here
  FROM ceiling_share AS g
  JOIN close_charge AS c ON c.setl_id = g.setl_id
  JOIN close_standing AS s ON s.person_id = c.person_id AND s.nth = c.nth
  WINDOW upto AS (
    PARTITION BY g.person_id, g.span ORDER BY c.nth NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
limited AS (
  SELECT
    person_id, nth, span,
    GREATEST(MIN(left_here) OVER (
      PARTITION BY person_id, span ORDER BY nth NULLS LAST
      ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), 0) AS most
  FROM allowing
),
summed AS (
  SELECT
    p.person_id, p.nth, p.rule_id, p.share, l.span, l.most, COALESCE(g.amount, p.amount) AS amount,
    CAST(SUM(COALESCE(g.amount, p.amount)) OVER (
      PARTITION BY p.person_id, p.share, l.span ORDER BY p.nth NULLS LAST, p.rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS BIGINT) AS paid_after
  FROM capped AS p
  JOIN limited AS l ON l.person_id = p.person_id AND l.nth = p.nth
  LEFT JOIN shared_cap AS g ON g.person_id = p.person_id AND g.nth = p.nth AND g.rule_id = p.rule_id
  WHERE p.benefit IN ('medical_assistance', 'tilt')
),
cut AS (
  SELECT
    *,
    GREATEST(MAX(paid_after - most) OVER (
      PARTITION BY person_id, share, span ORDER BY nth NULLS LAST, rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), 0) AS cut_after,
    GREATEST(COALESCE(MAX(paid_after - most) OVER (
      PARTITION BY person_id, share, span ORDER BY nth NULLS LAST, rule_id NULLS LAST
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0) AS cut_before
  FROM summed
)
SELECT person_id, nth, rule_id, amount - cut_after + cut_before AS amount FROM cut
