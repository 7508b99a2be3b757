-- 超过上限 What was paid above a ceiling: of the benefit year so far, or of a single visit where the rule says so.
-- Of several ceilings (`under_ceiling`) the one that allows most counts.
-- Paid is what all layers paid, and the other aid that the ceiling, or a rule that deducted it, counts as paid.
-- `allowed` is the most that may be paid.
WITH choice AS (
  SELECT DISTINCT counts FROM rule_in_force WHERE benefit = 'ceiling'
),
counted AS (
  SELECT o.setl_id, o.kind, c.counts
  FROM other_aid AS o
  JOIN choice AS c ON ',' || c.counts || ',' LIKE '%,' || o.kind || ',%'
  UNION
  SELECT o.setl_id, o.kind, c.counts
  FROM other_aid AS o
  JOIN payment AS p ON p.setl_id = o.setl_id
  JOIN rule_in_force AS r ON r.rule_key = p.rule_key AND ',' || r.counts || ',' LIKE '%,' || o.kind || ',%'
  CROSS JOIN choice AS c
),
aid AS (
  SELECT k.setl_id, k.counts, CAST(SUM(o.amount) AS BIGINT) AS amount
  FROM counted AS k
  JOIN other_aid AS o ON o.setl_id = k.setl_id AND o.kind = k.kind
  GROUP BY k.setl_id, k.counts
),
met AS (
  SELECT
    b.setl_id, b.person_id, b.discharged, b.batch_id, b.line, b.record_digest, u.ratio, u.category, u.rank, u.rule_key,
    u.document, u.article, u.effect, u.settings, u.insutypes, u.span AS visit_id, u.allowed,
    b.scope - b.self_in_scope + COALESCE(a.amount, 0) AS paid
  FROM under_ceiling AS u
  JOIN borne AS b ON b.setl_id = u.setl_id
  LEFT JOIN aid AS a ON a.setl_id = u.setl_id AND a.counts = u.counts
),
chosen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY setl_id
      ORDER BY allowed DESC NULLS LAST, ratio DESC NULLS LAST, rank NULLS LAST, category NULLS LAST,
               rule_key NULLS LAST) AS nth
  FROM met
),
stay AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, visit_id ORDER BY discharged DESC NULLS LAST, setl_id NULLS LAST) AS age
  FROM chosen
  WHERE nth = 1
),
summed AS (
  SELECT person_id, visit_id, CAST(SUM(paid) AS BIGINT) AS paid, CAST(SUM(allowed) AS BIGINT) AS allowed
  FROM stay
  GROUP BY person_id, visit_id
)
SELECT
  t.person_id, t.visit_id, s.category, s.rule_key, s.document, s.article, s.effect, s.settings, s.insutypes,
  half_up(t.allowed, 1) AS allowed, t.paid, s.batch_id, s.line, s.record_digest
FROM summed AS t
JOIN stay AS s ON s.person_id = t.person_id AND s.visit_id = t.visit_id AND s.age = 1
WHERE t.paid * 10000 > t.allowed
