-- 年内换规则 Whose rule of an account changes within the year. `hard`: one of the rules is undetermined, or the cap changes
-- too, so that the sums do not tell what is paid.
SELECT
  k.person_id,
  NOT BOOL_AND(r.determined) OR MIN(r.cap) < MAX(r.cap) OR COUNT(r.cap) > 0 AND COUNT(r.cap) < COUNT(*) AS hard
FROM rank AS k
JOIN rule AS r ON r.rule_id = k.rule_id
JOIN turning AS t ON t.stretch_id = k.stretch_id
WHERE k.reason = 'winner' AND k.person_id >= 0
GROUP BY k.person_id, r.account
HAVING MIN(k.rule_id) < MAX(k.rule_id)
