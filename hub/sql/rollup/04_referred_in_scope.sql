-- 转办人员 Whom a case of the month is about that is addressed to the scope's own department: the person, or the
-- members of the household. None where the scope does not ask for referrals.
WITH sent AS (
  SELECT f.person_id, f.household_key, f.addressee FROM finding AS f CROSS JOIN period AS p WHERE f.month = p.month
  UNION
  SELECT w.person_id, w.household_key, w.addressee FROM warning AS w CROSS JOIN period AS p WHERE w.month = p.month
)
SELECT s.person_id
FROM sent AS s
JOIN scope AS c ON c.list = 'referred_to' AND c.code = s.addressee
UNION
SELECT m.person_id
FROM sent AS s
JOIN scope AS c ON c.list = 'referred_to' AND c.code = s.addressee
JOIN household_member AS m ON m.household_key = s.household_key AND s.household_key <> ''
