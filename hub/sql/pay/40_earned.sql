-- 封顶前金额 What a settlement earns before any cap: what the rule gives on the cost cumulated after it, less what it
-- gives on the cost cumulated before it, each half up to the fen; a fixed amount where the line is passed; never above
-- what is left to be paid. A visit is paid its least ratio at least.
-- What a payer has already settled (`given`) is what it is.
WITH given AS (
  SELECT
    c.*, r.least_ratio,
    CASE
      WHEN c.given IS NOT NULL THEN c.given
      WHEN c.unknown > 0 OR c.unknown_before > 0 THEN 0
      WHEN r.pay_per_day IS NOT NULL
      THEN LEAST(CASE WHEN c.over_after > 0 THEN r.pay_per_day * c.days ELSE 0 END, c.payable)
      WHEN b.rule_id IS NOT NULL THEN LEAST(b.amount, c.payable)
      WHEN r.pay IS NOT NULL AND c.over_after > 0 AND c.over_before = 0 THEN LEAST(r.pay, c.payable)
      WHEN r.pay IS NOT NULL THEN 0
      WHEN r.apart AND r.tiers > 1 THEN LEAST(half_up(t.gives - t.gave, 1), c.payable)
      WHEN r.apart THEN LEAST(half_up(c.over, r.ratio), c.payable)
      WHEN r.tiers > 1 THEN LEAST(half_up(t.gives, 1) - half_up(t.gave, 1), c.payable)
      ELSE LEAST(half_up(c.over_after, r.ratio) - half_up(c.over_before, r.ratio), c.payable)
    END AS first_earned
  FROM cumulated AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  LEFT JOIN tiered AS t ON t.person_id = c.person_id AND t.nth = c.nth AND t.rule_id = c.rule_id
  LEFT JOIN banded AS b ON b.person_id = c.person_id AND b.nth = c.nth AND b.rule_id = c.rule_id
),
visited AS (
  SELECT
    *, CAST(SUM(first_earned) OVER visit AS BIGINT) AS visit_earned,
    CAST(SUM(counted) OVER visit AS BIGINT) AS visit_counted
  FROM given
  WINDOW visit AS (
    PARTITION BY person_id, account, visit_id ORDER BY nth NULLS LAST, rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  *,
  CASE
    WHEN least_ratio IS NULL OR given IS NOT NULL OR unknown > 0 OR unknown_before > 0 THEN first_earned
    ELSE LEAST(
      GREATEST(visit_earned, half_up(visit_counted, least_ratio))
      - GREATEST(visit_earned - first_earned, half_up(visit_counted - counted, least_ratio)), payable)
  END AS earned
FROM visited
