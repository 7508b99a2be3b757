-- 胜出 The winner of each person's stretches of the layer that settlements can fall into, with the stretch's days.
SELECT k.person_id, k.stretch_id, k.rule_id, t.valid_from, t.valid_until
FROM rank AS k
JOIN stretch AS t ON t.stretch_id = k.stretch_id
WHERE k.place = 1 AND k.reason = 'winner' AND k.person_id >= 0
