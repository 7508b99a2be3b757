-- 本层合计 What a layer pays of each settlement, all its rules together, and why it is undetermined where it is.
SELECT
  person_id, nth, CAST(SUM(amount) AS BIGINT) AS amount, MAX(deducted) AS deducted, MIN(reason) AS reason
FROM paid
GROUP BY person_id, nth
