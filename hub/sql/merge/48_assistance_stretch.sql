-- 倾斜与救助的时段 For each stretch of tilt the stretch of medical assistance in which it begins.
SELECT t.stretch_id, m.stretch_id AS assistance_id
FROM stretch AS t
JOIN stretch AS m
  ON m.situation_id = t.situation_id AND m.valid_from <= t.valid_from AND m.valid_until > t.valid_from
WHERE t.benefit = 'tilt' AND m.benefit = 'medical_assistance'
