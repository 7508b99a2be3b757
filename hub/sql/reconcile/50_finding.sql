-- 问题清单 The findings of the month, compared with the months before.
-- new: not known before; persisting: open last time it was seen; reopened: had been cleared; cleared: was open and is
-- no longer so (a row of this month, once). A finding is the same while kind, person, household and subject are.
-- It keeps its first month; a persisting one keeps its deadline. Days count from the end of the month. A finding of a
-- person whom a steward's decision has undone since is told no more.
-- 补记: a finding that rests on a settlement of an earlier month which came after that month was computed is an
-- adjustment line of this one and names that month (pins.md 8).
WITH seen AS (
  SELECT
    e.*,
    ROW_NUMBER() OVER (
      PARTITION BY e.kind, e.person_id, e.household_key, e.subject ORDER BY e.month DESC NULLS LAST) AS age
  FROM earlier_finding AS e
  CROSS JOIN period AS p
  WHERE e.month < p.month
),
before AS (SELECT * FROM seen WHERE age = 1),
computed AS (SELECT DISTINCT month FROM earlier_batch),
late AS (
  SELECT s.setl_id, c.month
  FROM newest_settlement AS s
  JOIN computed AS c ON c.month = SUBSTRING(CAST(s.settled AS STRING), 1, 7)
  LEFT JOIN earlier_batch AS e ON e.month = c.month AND e.batch_id = s.batch_id
  WHERE e.batch_id IS NULL
)
SELECT
  p.month, f.kind, f.person_id, f.household_key, f.subject, f.county, c.severity,
  COALESCE(f.addressee, c.addressee) AS addressee,
  CASE WHEN b.state <> 'cleared' THEN b.deadline ELSE p.month_end + c.deadline_days END AS deadline,
  f.category, f.expected, f.actual,
  CASE WHEN b.state IS NULL THEN 'new' WHEN b.state = 'cleared' THEN 'reopened' ELSE 'persisting' END AS state,
  COALESCE(b.first_month, p.month) AS first_month,
  CASE WHEN b.state IS NULL THEN l.month ELSE b.adjusts_month END AS adjusts_month,
  f.batch_id, f.line, f.record_digest
FROM found AS f
CROSS JOIN period AS p
JOIN check_head AS c ON c.kind = f.kind
LEFT JOIN before AS b
  ON b.kind = f.kind AND b.person_id = f.person_id AND b.household_key = f.household_key AND b.subject = f.subject
LEFT JOIN late AS l ON l.setl_id = f.subject
UNION ALL
SELECT
  p.month, b.kind, b.person_id, b.household_key, b.subject, b.county, b.severity, b.addressee, b.deadline, b.category,
  b.expected, b.actual, 'cleared', b.first_month, b.adjusts_month, b.batch_id, b.line, b.record_digest
FROM before AS b
CROSS JOIN period AS p
LEFT JOIN found AS f
  ON f.kind = b.kind AND f.person_id = b.person_id AND f.household_key = b.household_key AND f.subject = b.subject
LEFT JOIN person AS n ON n.person_id = b.person_id
WHERE f.kind IS NULL AND b.state <> 'cleared' AND (b.person_id = -1 OR n.person_id IS NOT NULL)
