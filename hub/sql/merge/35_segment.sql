-- 时间分段 The year of a person, cut at every day on which a rule begins or ceases to reach the person.
WITH edge AS (
  SELECT person_id, valid_from AS day FROM reach
  UNION
  SELECT person_id, valid_until FROM reach
),
cut AS (
  SELECT
    person_id, day AS seg_from,
    LEAD(day) OVER (PARTITION BY person_id ORDER BY day NULLS LAST) AS seg_until
  FROM edge
)
SELECT person_id, seg_from, seg_until FROM cut WHERE seg_until IS NOT NULL
