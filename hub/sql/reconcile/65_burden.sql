-- 个人负担 What a person bore in scope in the year so far, after each set of layers a warning rule may name (pins.md 10):
-- of the whole year, and of the dearest single visit.
WITH watched AS (
  SELECT DISTINCT settings, insutypes FROM rule_in_force WHERE benefit = 'warning'
),
visit AS (
  SELECT
    b.person_id, r.settings, r.insutypes, b.visit_id,
    CAST(SUM(b.scope) AS BIGINT) AS scope, CAST(SUM(b.remaining) AS BIGINT) AS remaining,
    CAST(SUM(b.self_in_scope) AS BIGINT) AS self_in_scope
  FROM borne AS b
  JOIN rule_care AS r ON r.setting = b.setting AND r.insutype = b.insutype
  JOIN watched AS w ON w.settings = r.settings AND w.insutypes = r.insutypes
  GROUP BY b.person_id, r.settings, r.insutypes, b.visit_id
)
SELECT
  person_id, settings, insutypes,
  CAST(SUM(scope) AS BIGINT) AS year_scope, CAST(SUM(remaining) AS BIGINT) AS year_remaining,
  CAST(SUM(self_in_scope) AS BIGINT) AS year_self,
  MAX(scope) AS stay_scope, MAX(remaining) AS stay_remaining, MAX(self_in_scope) AS stay_self
FROM visit
GROUP BY person_id, settings, insutypes
