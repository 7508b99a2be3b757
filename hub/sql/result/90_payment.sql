-- 逐笔支付 What each layer pays of each settlement, by which rule, and from what it was computed. A tiered rule has no
-- single ratio. Insurance that the settlement itself tells is not computed and has no row.
SELECT
  c.setl_id, p.person_id, r.benefit, r.category, p.base_amount AS base, p.line,
  CASE WHEN r.tiers = 1 THEN r.ratio END AS ratio,
  CASE WHEN j.person_id IS NULL THEN p.amount ELSE j.amount END AS amount,
  CASE WHEN j.cap_left < p.cap_left OR p.cap_left IS NULL THEN j.cap_left ELSE p.cap_left END AS cap_left,
  r.rule_key, r.document, r.article, p.determined AND COALESCE(j.known, TRUE) AS determined,
  CASE WHEN p.reason IS NULL AND NOT j.known THEN 'an earlier settlement of the year is undetermined' ELSE p.reason END
    AS reason
FROM every_paid AS p
JOIN rule AS r ON r.rule_id = p.rule_id
JOIN charge AS c ON c.person_id = p.person_id AND c.nth = p.nth
LEFT JOIN joint_cap AS j ON j.person_id = p.person_id AND j.nth = p.nth AND j.rule_id = p.rule_id
WHERE p.given IS NULL
