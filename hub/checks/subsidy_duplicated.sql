-- title: 重复资助
-- title_en: premium subsidy doubled
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 新疆通知（2023-02-09）第四条（避免重复救助）
-- For the insured year one payer paid a person twice (subject: the payer), or all payers together paid more than the
-- personal premium of the person's insurance (subject: sum). Payers who share one premium lawfully are none.
-- A payment taken back cancels one. Expected: the larger payment, or the premium; actual: what was received.
WITH paid AS (
  SELECT
    s.*,
    ROW_NUMBER() OVER (
      PARTITION BY s.person_id ORDER BY s.paid DESC NULLS LAST, s.record_digest NULLS LAST, s.ordinal DESC NULLS LAST
    ) AS age
  FROM subsidy AS s
  CROSS JOIN period AS p
  WHERE s.year = p.year AND (s.paid IS NULL OR s.paid < p.month_end)
),
by_payer AS (
  SELECT
    person_id, payer, CAST(SUM(amount) AS BIGINT) AS amount, MAX(amount) AS largest,
    CAST(SUM(CASE WHEN amount > 0 THEN 1 WHEN amount < 0 THEN -1 ELSE 0 END) AS BIGINT) AS times
  FROM paid
  GROUP BY person_id, payer
),
doubled AS (
  SELECT person_id, payer AS subject, largest AS expected, amount AS actual FROM by_payer WHERE times > 1
),
together AS (
  SELECT b.person_id, 'sum' AS subject, MAX(r.amount) AS expected, CAST(SUM(b.amount) AS BIGINT) AS actual
  FROM by_payer AS b
  CROSS JOIN period AS p
  JOIN insured_place AS i ON i.person_id = b.person_id
  JOIN premium AS r ON r.region = i.region AND r.year = p.year AND r.insutype = i.insutype
  GROUP BY b.person_id
),
found AS (
  SELECT * FROM doubled
  UNION ALL
  SELECT * FROM together WHERE actual > expected
)
SELECT f.person_id, f.subject, n.county, f.expected, f.actual, s.batch_id, s.line, s.record_digest
FROM found AS f
JOIN person AS n ON n.person_id = f.person_id
JOIN paid AS s ON s.person_id = f.person_id AND s.age = 1
