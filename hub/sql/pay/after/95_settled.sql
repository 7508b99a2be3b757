-- 本层合计 What a layer pays of each settlement, all its rules together, and why it is undetermined where it is.
SELECT
  q.person_id, q.nth, q.amount, CAST(0 AS BIGINT) AS deducted,
  CASE WHEN q.close THEN r.undetermined_reason END AS reason
FROM quick AS q
JOIN rule AS r ON r.rule_id = q.rule_id
UNION ALL
SELECT
  person_id, nth, CAST(SUM(amount) AS BIGINT) AS amount, MAX(deducted) AS deducted, MIN(reason) AS reason
FROM paid
GROUP BY person_id, nth
