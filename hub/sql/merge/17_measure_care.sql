-- 计入口径 Which kinds of care each way of counting speaks of, and whether such care meets the rules' conditions (NULL:
-- nobody says). Care that is not counted but spoken of has `met` FALSE.
WITH measure AS (
  SELECT DISTINCT measure_id, settings, insutypes, hospital_levels, conditions, on_application, age_from, age_below,
    CASE WHEN COALESCE(age_from, age_below) IS NOT NULL THEN on_day END AS age_day
  FROM rule
  WHERE benefit <> 'premium_subsidy'
),
spoken AS (
  SELECT
    m.*, c.care_id, c.referral, c.in_region, c.designated, c.applied, c.hospital_level,
    CASE WHEN m.age_day = 'discharge' THEN c.age_out ELSE c.age END AS age
  FROM measure AS m
  CROSS JOIN care AS c
  WHERE (m.settings = '' OR ',' || m.settings || ',' LIKE '%,' || c.setting || ',%')
    AND (m.insutypes = '' OR ',' || m.insutypes || ',' LIKE '%,' || c.insutype || ',%')
),
asked AS (
  SELECT
    *,
    (hospital_levels = '' OR ',' || hospital_levels || ',' LIKE '%,' || hospital_level || ',%')
    AND (age_from IS NULL OR age >= age_from) AND (age_below IS NULL OR age < age_below) AS reached
  FROM spoken
)
SELECT
  measure_id, care_id,
  (',' || conditions || ',' NOT LIKE '%,referral,%' OR referral)
  AND (',' || conditions || ',' NOT LIKE '%,no_referral,%' OR NOT referral)
  AND (',' || conditions || ',' NOT LIKE '%,in_region,%' OR in_region)
  AND (',' || conditions || ',' NOT LIKE '%,out_of_region,%' OR NOT in_region)
  AND (',' || conditions || ',' NOT LIKE '%,designated,%' OR designated)
  AND (',' || conditions || ',' NOT LIKE '%,not_designated,%' OR NOT designated)
  AND (NOT on_application OR applied)
  AND reached AS met
FROM asked
WHERE reached IS NOT FALSE
