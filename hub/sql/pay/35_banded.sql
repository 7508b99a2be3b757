-- 分档支付 What rules with bands of cost earn: what the rule that decides gives on the whole cost so far, less the most
-- that was given on it before, by whichever rule.
WITH valued AS (
  SELECT
    c.person_id, c.nth, c.rule_id, c.line_side, c.line_account, c.line_span,
    CASE
      WHEN NOT c.in_band OR c.unknown > 0 THEN 0
      WHEN r.pay IS NOT NULL THEN CASE WHEN c.over_after > 0 THEN r.pay ELSE 0 END
      WHEN r.tiers > 1 THEN half_up(t.gives, 1)
      ELSE half_up(c.over_after, r.ratio)
    END AS gives,
    CASE
      WHEN r.pay IS NOT NULL THEN CASE WHEN c.over_before > 0 THEN r.pay ELSE 0 END
      WHEN r.tiers > 1 THEN half_up(t.gave, 1)
      ELSE half_up(c.over_before, r.ratio)
    END AS gave
  FROM cumulated AS c
  JOIN rule AS r ON r.rule_id = c.rule_id
  LEFT JOIN tiered AS t ON t.person_id = c.person_id AND t.nth = c.nth AND t.rule_id = c.rule_id
  WHERE COALESCE(r.cost_from, r.cost_below) IS NOT NULL
)
SELECT
  person_id, nth, rule_id,
  GREATEST(gives - COALESCE(MAX(gives) OVER (
    PARTITION BY person_id, line_side, line_account, line_span ORDER BY nth NULLS LAST, rule_id NULLS LAST
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), gave), 0) AS amount
FROM valued
