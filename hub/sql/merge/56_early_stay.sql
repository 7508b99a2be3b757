-- 跨年住院 Stays that began before the benefit year, with the categories held on the day of admission.
SELECT DISTINCT h.person_id, h.nth, s.category
FROM cost AS c
JOIN charge AS h ON h.setl_id = c.setl_id
JOIN category_spell AS s ON s.person_id = c.person_id AND s.valid_from <= c.begun AND s.valid_until > c.begun
WHERE c.early
