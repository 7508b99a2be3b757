-- 处境 Each situation's insurance, as that of one of its persons.
SELECT DISTINCT
  p.situation_id, COALESCE(i.insutype, '390') AS insutype, i.region, u.person_id IS NOT NULL AS computed
FROM person_situation AS p
LEFT JOIN insured_place AS i ON i.person_id = p.situation_id
LEFT JOIN uninsured_cost AS u ON u.person_id = p.situation_id
WHERE p.person_id = p.situation_id
