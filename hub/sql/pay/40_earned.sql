-- 封顶前金额 What a settlement earns before any cap: what the rule gives on the cost cumulated after it, less what it
-- gives on the cost cumulated before it, each half up to the fen; never above what is left to be paid.
-- What a payer has already settled (`given`) is what it is.
SELECT
  c.*,
  CASE
    WHEN c.given IS NOT NULL THEN c.given
    WHEN c.unknown > 0 OR c.unknown_before > 0 THEN 0
    WHEN r.tiers > 1 THEN LEAST(half_up(t.gives, 1) - half_up(t.gave, 1), c.payable)
    ELSE LEAST(
      half_up(GREATEST(c.before + c.counted - r.threshold, 0), r.ratio)
      - half_up(GREATEST(c.before - r.threshold, 0), r.ratio), c.payable)
  END AS earned
FROM cumulated AS c
JOIN rule AS r ON r.rule_id = c.rule_id
LEFT JOIN tiered AS t ON t.person_id = c.person_id AND t.nth = c.nth AND t.rule_id = c.rule_id
