-- 个人负担 What a person bore in the year so far, after each set of layers a warning rule may name (pins.md 10), in scope
-- or of the whole bill (`total_...`): of the whole year, and of the dearest single visit.
WITH watched AS (
  SELECT DISTINCT settings, insutypes FROM rule_in_force WHERE benefit = 'warning'
),
visit AS (
  SELECT
    b.person_id, r.settings, r.insutypes, b.visit_id,
    CAST(SUM(b.scope) AS BIGINT) AS scope, CAST(SUM(b.remaining) AS BIGINT) AS remaining,
    CAST(SUM(b.self_in_scope) AS BIGINT) AS self_in_scope, CAST(SUM(b.total) AS BIGINT) AS total,
    CAST(SUM(b.total_remaining) AS BIGINT) AS total_remaining, CAST(SUM(b.total_self) AS BIGINT) AS total_self
  FROM borne AS b
  JOIN rule_care AS r ON r.setting = b.setting AND r.insutype = b.insutype
  JOIN watched AS w ON w.settings = r.settings AND w.insutypes = r.insutypes
  GROUP BY b.person_id, r.settings, r.insutypes, b.visit_id
)
SELECT
  person_id, settings, insutypes,
  CAST(SUM(scope) AS BIGINT) AS year_scope, CAST(SUM(remaining) AS BIGINT) AS year_remaining,
  CAST(SUM(self_in_scope) AS BIGINT) AS year_self,
  CAST(SUM(total) AS BIGINT) AS year_total, CAST(SUM(total_remaining) AS BIGINT) AS year_total_remaining,
  CAST(SUM(total_self) AS BIGINT) AS year_total_self,
  MAX(scope) AS stay_scope, MAX(remaining) AS stay_remaining, MAX(self_in_scope) AS stay_self,
  MAX(total) AS stay_total, MAX(total_remaining) AS stay_total_remaining, MAX(total_self) AS stay_total_self
FROM visit
GROUP BY person_id, settings, insutypes
