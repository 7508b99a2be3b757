-- 排序结果 A layer's rules in order of choice, with the days of their stretch.
SELECT k.*, t.valid_from AS seg_from, t.valid_until AS seg_until
FROM rank AS k
JOIN stretch AS t ON t.stretch_id = k.stretch_id
