-- 人员处境 Persons whose categories, days and place of insurance are the same are in one situation: the same rules reach
-- them on the same days. A situation goes by the least person_id in it. `computed`: some settlement does not say what
-- insurance paid, so that it is computed. Who holds nothing that a rule names and needs no computing is in none.
-- Two codes are told by their least and greatest; only who has more needs the list.
WITH counted AS (
  SELECT person_id, COUNT(*) AS size, MIN(code) AS least, MAX(code) AS greatest FROM held_code GROUP BY person_id
),
listed AS (
  SELECT h.person_id, ARRAY_SORT(ARRAY_AGG(h.code)) AS codes
  FROM held_code AS h
  JOIN counted AS c ON c.person_id = h.person_id
  WHERE c.size > 2
  GROUP BY h.person_id
),
seat AS (
  SELECT
    c.person_id, c.size, c.least, c.greatest, l.codes, i.insutype, i.region, u.person_id IS NOT NULL AS computed
  FROM counted AS c
  LEFT JOIN listed AS l ON l.person_id = c.person_id
  LEFT JOIN insured_place AS i ON i.person_id = c.person_id
  LEFT JOIN uninsured_cost AS u ON u.person_id = c.person_id
),
alike AS (
  SELECT size, least, greatest, codes, insutype, region, computed, MIN(person_id) AS situation_id
  FROM seat
  GROUP BY size, least, greatest, codes, insutype, region, computed
)
SELECT s.person_id, a.situation_id
FROM seat AS s
JOIN alike AS a
  ON a.least = s.least AND a.greatest = s.greatest AND a.size = s.size AND a.codes IS NOT DISTINCT FROM s.codes
 AND a.insutype IS NOT DISTINCT FROM s.insutype AND a.region IS NOT DISTINCT FROM s.region AND a.computed = s.computed
