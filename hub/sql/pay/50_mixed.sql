-- 年内换限额 Accounts in which the cap changes within the period, with the category. NULL is no cap.
SELECT e.person_id, e.account, e.cap_span
FROM earned AS e
JOIN rule AS r ON r.rule_id = e.rule_id
GROUP BY e.person_id, e.account, e.cap_span
HAVING MIN(r.cap) <> MAX(r.cap) OR (COUNT(r.cap) > 0 AND COUNT(r.cap) < COUNT(*))
