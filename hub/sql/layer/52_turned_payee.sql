-- 换规则而可按合计计算的人 Persons whose payments follow from sums although the rule of an account changes within the year.
SELECT DISTINCT t.person_id
FROM turned_account AS t
LEFT JOIN close_payee AS x ON x.person_id = t.person_id
WHERE x.person_id IS NULL
