-- 参保地 Where and how a person is insured on the month's last day: one place a person, the insurance joined last.
WITH current_cover AS (
  SELECT
    c.*,
    ROW_NUMBER() OVER (
      PARTITION BY c.person_id
      ORDER BY c.valid_from DESC NULLS LAST, c.insutype NULLS LAST, c.region NULLS LAST) AS place
  FROM cover AS c
  CROSS JOIN period AS p
  WHERE c.valid_from <= p.last_day AND c.valid_until > p.last_day
)
SELECT person_id, insutype, region, pooling_area FROM current_cover WHERE place = 1
