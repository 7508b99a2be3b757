-- 越过的线 The warning lines and ceilings that a case passes, each once, whoever is told, with what passes it.
-- `unsure`: why what passes it is undetermined; a warning's burden is then the most it can be, a ceiling's the least.
-- A ceiling that caps what is paid cannot be passed by what is computed, and is no finding.
WITH warned AS (
  SELECT DISTINCT
    w.rule_key, w.document, w.article, w.threshold, w.burden, s.base, s.period, s.settings, s.insutypes
  FROM warning AS w
  JOIN screened AS s ON s.person_id = w.person_id AND s.rule_key = w.rule_key
  WHERE w.state <> 'cleared'
),
part AS (
  SELECT
    w.rule_key, w.period, w.burden,
    CASE w.base
      WHEN 'scope' THEN b.scope WHEN 'total' THEN b.total
      WHEN 'after_basic_and_serious_illness' THEN b.remaining WHEN 'after_all_three' THEN b.self_in_scope
      WHEN 'total_after_basic_and_serious_illness' THEN b.total_remaining
      WHEN 'total_after_all_three' THEN b.total_self
    END AS amount,
    CASE
      WHEN w.base LIKE '%after_basic_and_serious_illness' THEN b.remaining_unsure
      WHEN w.base LIKE '%after_all_three' THEN b.self_unsure
    END AS unsure
  FROM warned AS w
  JOIN rule_care AS c ON c.settings = w.settings AND c.insutypes = w.insutypes
  JOIN borne AS b ON b.setting = c.setting AND b.insutype = c.insutype
),
doubted AS (
  SELECT rule_key, MIN(unsure) AS unsure
  FROM part
  WHERE period <> 'stay' OR amount = burden
  GROUP BY rule_key
),
exceeded AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY rule_key ORDER BY paid - allowed DESC NULLS LAST, visit_id NULLS LAST) AS nth
  FROM above_ceiling
  WHERE effect <> 'cap'
),
unpaid AS (
  SELECT e.rule_key, MIN(b.self_unsure) AS unsure
  FROM exceeded AS e
  JOIN rule_care AS c ON c.settings = e.settings AND c.insutypes = e.insutypes
  JOIN borne AS b ON b.setting = c.setting AND b.insutype = c.insutype AND (e.visit_id = '' OR b.visit_id = e.visit_id)
  WHERE e.nth = 1
  GROUP BY e.rule_key
)
SELECT 'warning' AS benefit, w.rule_key, w.threshold AS line, w.burden, d.unsure, w.document, w.article
FROM warned AS w
LEFT JOIN doubted AS d ON d.rule_key = w.rule_key
UNION ALL
SELECT 'ceiling', e.rule_key, e.allowed, e.paid, u.unsure, e.document, e.article
FROM exceeded AS e
LEFT JOIN unpaid AS u ON u.rule_key = e.rule_key
WHERE e.nth = 1
