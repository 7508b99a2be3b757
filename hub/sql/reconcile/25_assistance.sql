-- 救助核对 Where what was paid in assistance for a settlement is not what is due: one row a settlement and verdict.
-- Money may stand in the other benefit's line, or in a line whose purpose nobody tells (`elsewhere`): as much as lies
-- there beyond what that benefit is due counts as paid. `lacking`: what the other benefit lacks may stand here. So
-- `expected` and `actual` differ by what is certain. Where another rule may give more, only who got no assistance all
-- year certainly lacks medical assistance.
-- pins.md 9: `missing` was certified by the day of settlement and needs no application; `not_applied` needs one, which
-- no department tells of, so that nothing paid is no application, nor is what a rule without one gives; `newly_due` was
-- certified after the settlement, with effect from before.
WITH weighed AS (
  SELECT
    *,
    other_lines
    + CASE WHEN other_due IS NULL THEN other_paid ELSE GREATEST(other_paid - other_due, 0) END AS elsewhere,
    CASE WHEN other_due IS NOT NULL THEN GREATEST(other_due - other_paid, 0) END AS lacking,
    NOT doubtful OR (benefit = 'medical_assistance' AND year_paid = 0) AS certain
  FROM due_and_paid
),
judged AS (
  SELECT
    *,
    CASE
      WHEN paid + elsewhere < due THEN CASE
        WHEN NOT certain THEN CAST(NULL AS STRING)
        WHEN on_application AND (paid + elsewhere = 0 OR rival) THEN 'not_applied'
        WHEN certified > settled THEN 'newly_due'
        WHEN paid + elsewhere = 0 THEN 'missing'
        ELSE 'underpaid'
      END
      WHEN paid > due + lacking AND NOT doubtful THEN 'overpaid'
    END AS verdict
  FROM weighed
)
SELECT
  j.setl_id, j.person_id, j.verdict, n.county,
  COALESCE(MIN(CASE WHEN j.benefit = 'medical_assistance' THEN j.category END), MIN(j.category)) AS category,
  CAST(SUM(CASE WHEN j.verdict = 'overpaid' THEN j.due + j.lacking ELSE j.due END) AS BIGINT) AS expected,
  CAST(SUM(CASE WHEN j.verdict = 'overpaid' THEN j.paid ELSE j.paid + j.elsewhere END) AS BIGINT) AS actual,
  j.batch_id, j.line, j.record_digest
FROM judged AS j
JOIN person AS n ON n.person_id = j.person_id
WHERE j.verdict IS NOT NULL
GROUP BY j.setl_id, j.person_id, j.verdict, n.county, j.batch_id, j.line, j.record_digest
