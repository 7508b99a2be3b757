-- 应付 The rules that won on the day that counts for each settlement: admission, or discharge where the document says
-- so (pins.md 3). The account goes on when the category changes.
SELECT w.person_id, c.nth, w.rule_id, r.account
FROM rank AS w
JOIN stretch AS t ON t.stretch_id = w.stretch_id
JOIN rule AS r ON r.rule_id = w.rule_id
JOIN close_charge AS c
  ON c.person_id = w.person_id
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.day END >= t.valid_from
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.day END < t.valid_until
WHERE w.reason = 'winner'
