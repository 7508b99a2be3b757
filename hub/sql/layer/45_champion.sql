-- 胜出 The winner of each person's stretches of the layer that settlements can fall into.
SELECT k.person_id, k.stretch_id, k.rule_id
FROM rank AS k
WHERE k.place = 1 AND k.reason = 'winner' AND k.person_id >= 0
