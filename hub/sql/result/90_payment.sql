-- 逐笔支付 What each layer pays of each settlement, by which rule, and from what it was computed. A tiered rule has no
-- single ratio. Insurance that the settlement itself tells is not computed and has no row.
SELECT
  c.setl_id, p.person_id, r.benefit, r.category, p.base_amount AS base, p.line,
  CASE WHEN r.tiers = 1 THEN r.ratio END AS ratio,
  p.amount, p.cap_left, r.rule_key, r.document, r.article, p.determined,
  p.reason
FROM every_paid AS p
JOIN rule AS r ON r.rule_id = p.rule_id
JOIN charge AS c ON c.person_id = p.person_id AND c.nth = p.nth
WHERE p.given IS NULL
