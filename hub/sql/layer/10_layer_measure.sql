-- 本层计入口径 The ways of counting that the layer's rules in a situation have.
SELECT DISTINCT b.situation_id, b.measure_id
FROM ballot AS b
JOIN layer AS l ON l.benefit = b.benefit
