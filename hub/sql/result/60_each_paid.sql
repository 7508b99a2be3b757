-- 本层支付 A layer's payments of each settlement, simple ones and those worked out by settlement, in one form.
SELECT
  q.person_id, q.nth, q.rule_id, CAST(0 AS BIGINT) AS deducted, q.base_amount, q.line,
  r.determined, CAST(NULL AS BIGINT) AS given, q.amount, q.cap_left,
  CASE WHEN NOT r.determined THEN r.undetermined_reason END AS reason
FROM quick AS q
JOIN rule AS r ON r.rule_id = q.rule_id
UNION ALL
SELECT
  person_id, nth, rule_id, deducted, base_amount, line, determined, given, amount, cap_left, reason
FROM paid
