-- 有费用的人 Who has a settlement of the year.
SELECT DISTINCT person_id FROM charge
