-- 第几次住院 Which admission of the year each visit is, among those of the settings that a rule with a line for each
-- admission speaks of, whatever the hospital or the rule that pays.
WITH asked AS (
  SELECT DISTINCT settings FROM rule WHERE stay_lines <> ''
),
visit AS (
  SELECT a.settings, c.person_id, c.visit_id, MIN(c.nth) AS first
  FROM asked AS a
  JOIN care AS k ON a.settings = '' OR ',' || a.settings || ',' LIKE '%,' || k.setting || ',%'
  JOIN close_charge AS c ON c.care_id = k.care_id
  GROUP BY a.settings, c.person_id, c.visit_id
)
SELECT
  settings, person_id, visit_id,
  ROW_NUMBER() OVER (PARTITION BY settings, person_id ORDER BY first NULLS LAST) AS admission
FROM visit
