-- 人员处境 Persons whose categories, days and place of insurance are the same are in one situation: the same rules reach
-- them on the same days. A situation goes by the least person_id in it. `computed`: some settlement does not say what
-- insurance paid, so that it is computed. Who holds nothing that a rule names and needs no computing is in none.
WITH holding AS (
  SELECT person_id, code FROM spell_code
  UNION ALL
  SELECT person_id, CAST(0 AS BIGINT) FROM uninsured_cost
),
listed AS (
  SELECT person_id, ARRAY_SORT(ARRAY_AGG(code)) AS codes FROM holding GROUP BY person_id
),
seat AS (
  SELECT l.person_id, l.codes, i.insutype, i.region, u.person_id IS NOT NULL AS computed
  FROM listed AS l
  LEFT JOIN insured_place AS i ON i.person_id = l.person_id
  LEFT JOIN uninsured_cost AS u ON u.person_id = l.person_id
)
SELECT person_id, MIN(person_id) OVER (PARTITION BY codes, insutype, region, computed) AS situation_id
FROM seat
