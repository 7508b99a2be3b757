-- 跨年住院 The first days of stays that began before the benefit year.
SELECT DISTINCT person_id, begun FROM cost WHERE early
