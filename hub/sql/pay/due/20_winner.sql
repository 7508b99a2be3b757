-- 应付 The rules that won on the day that counts for each settlement: admission, or discharge where the document says
-- so (pins.md 3). A stay that began before the year takes a category held on that day. The account goes on when the
-- category changes.
SELECT w.person_id, c.nth, w.rule_id, r.account
FROM rank AS w
JOIN stretch AS t ON t.stretch_id = w.stretch_id
JOIN rule AS r ON r.rule_id = w.rule_id
JOIN close_charge AS c
  ON c.person_id = w.person_id
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.day END >= t.valid_from
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.day END < t.valid_until
LEFT JOIN early_stay AS e ON e.person_id = c.person_id AND e.nth = c.nth AND e.category = r.category
WHERE w.reason = 'winner'
  AND (NOT c.early OR r.on_day = 'discharge' OR r.category = '*' OR e.person_id IS NOT NULL)
