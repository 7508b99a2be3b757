-- title: 重复救助
-- title_en: one expense assisted twice
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 15
-- citation: 新疆通知（2023-02-09）第四条（避免重复救助）
-- A settlement for which assistance was paid although the same expense was assisted already, in whatever region and
-- under whatever category (subject: the later settlement): one visit, or one with the same days, total and scope,
-- settled again; a stay that overlaps another stay by a night; or payers who together paid more than the scope.
-- Refunds and what they take back count nowhere. None are: admission on the day of discharge, an outpatient visit
-- during a stay, one visit settled in parts. Expected: what assistance could pay; actual: what it paid.
WITH claim AS (
  SELECT
    setl_id, person_id, visit_id, setting, begun, discharged, settled, total, scope,
    GREATEST(scope - basic_paid - serious_illness_paid, 0) AS unpaid, medical_assistance_paid + tilt_paid AS aid,
    batch_id, line, record_digest
  FROM cost
  WHERE medical_assistance_paid + tilt_paid > 0
),
pair AS (
  SELECT a.setl_id AS first_id, a.settled AS first_settled, b.setl_id, b.settled
  FROM claim AS a
  JOIN claim AS b
    ON b.person_id = a.person_id AND b.visit_id = a.visit_id AND b.discharged = a.discharged
  UNION ALL
  SELECT a.setl_id, a.settled, b.setl_id, b.settled
  FROM claim AS a
  JOIN claim AS b
    ON b.person_id = a.person_id AND b.visit_id = a.visit_id AND b.total = a.total AND b.scope = a.scope
  UNION ALL
  SELECT a.setl_id, a.settled, b.setl_id, b.settled
  FROM claim AS a
  JOIN claim AS b
    ON b.person_id = a.person_id AND b.begun = a.begun AND b.discharged = a.discharged AND b.total = a.total
   AND b.scope = a.scope
  UNION ALL
  SELECT a.setl_id, a.settled, b.setl_id, b.settled
  FROM claim AS a
  JOIN claim AS b
    ON b.person_id = a.person_id AND b.visit_id <> a.visit_id AND b.begun < a.discharged AND a.begun < b.discharged
  WHERE a.setting = 'inpatient' AND b.setting = 'inpatient'
),
again AS (
  SELECT setl_id
  FROM pair
  WHERE settled > first_settled OR (settled = first_settled AND setl_id > first_id)
),
told AS (
  SELECT setl_id, MIN(expected) AS expected
  FROM (
    SELECT setl_id, 0 AS expected FROM again
    UNION ALL
    SELECT setl_id, unpaid FROM claim WHERE aid > unpaid
  ) AS found
  GROUP BY setl_id
)
SELECT
  c.person_id, c.setl_id AS subject, n.county, t.expected, c.aid AS actual, c.batch_id, c.line, c.record_digest
FROM told AS t
JOIN claim AS c ON c.setl_id = t.setl_id
JOIN person AS n ON n.person_id = c.person_id
