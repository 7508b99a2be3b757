-- 年龄 How old the person of each settlement was on admission (`age`) and on discharge (`age_out`), as the greatest of
-- the ages that rules name, 0 below them all; NULL where nobody tells the birth. Where no rule names an age, nobody's.
WITH edge AS (
  SELECT age_from AS age FROM rule WHERE age_from IS NOT NULL
  UNION
  SELECT age_below FROM rule WHERE age_below IS NOT NULL
),
asked AS (SELECT COUNT(*) AS edges FROM edge),
told AS (
  SELECT
    s.setl_id, years_old(n.birth, COALESCE(s.admitted, s.discharged)) AS age,
    years_old(n.birth, s.discharged) AS age_out
  FROM billed AS s
  CROSS JOIN asked AS a
  LEFT JOIN person AS n ON n.person_id = s.person_id
  WHERE a.edges > 0
)
SELECT
  t.setl_id,
  CASE WHEN t.age IS NOT NULL THEN MAX(CASE WHEN e.age <= t.age THEN e.age ELSE 0 END) END AS age,
  CASE WHEN t.age_out IS NOT NULL THEN MAX(CASE WHEN e.age <= t.age_out THEN e.age ELSE 0 END) END AS age_out
FROM told AS t
CROSS JOIN edge AS e
GROUP BY t.setl_id, t.age, t.age_out
