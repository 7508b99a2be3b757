-- 每次就诊费用 A person's cost of the year by visit, for each choice of care that a rule of assistance speaks of.
WITH choice AS (
  SELECT DISTINCT settings, insutypes FROM rule WHERE benefit IN ('medical_assistance', 'tilt')
)
SELECT
  c.person_id, r.settings, r.insutypes, c.visit_id,
  CAST(SUM(c.scope) AS BIGINT) AS scope, CAST(SUM(c.remaining) AS BIGINT) AS remaining
FROM cost AS c
JOIN rule_care AS r ON r.setting = c.setting AND r.insutype = c.insutype
JOIN choice AS p ON p.settings = r.settings AND p.insutypes = r.insutypes
GROUP BY c.person_id, r.settings, r.insutypes, c.visit_id
