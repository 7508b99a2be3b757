-- 分段比例 Where a tiered rule's ratio changes, and by how much: what it gives on a cost x is the sum over its steps of
-- (x - above) x change, where x lies above. Tiers are measured on the base itself; none begins below the line,
-- unless the rule is `apart`: then only what is above the line is put to them.
WITH tier AS (
  SELECT
    r.rule_id, CASE WHEN r.apart THEN t.above ELSE GREATEST(t.above, r.threshold) END AS above, t.ratio,
    LAG(t.ratio) OVER (PARTITION BY r.rule_id ORDER BY t.above NULLS LAST) AS lower
  FROM rule AS r
  JOIN rule_tier AS t
    ON t.region = r.region AND t.benefit = r.benefit AND t.category = r.category AND t.valid_from = r.valid_from
   AND t.rule_key = r.rule_key
  WHERE r.tiers > 1
)
SELECT rule_id, above, ratio - COALESCE(lower, 0) AS change FROM tier
