-- 年内费用 The settlements that count in the benefit year so far: discharged in the year, settled up to the month's end,
-- not taken back. `nth` is a person's order of settlements: discharge, settlement, id (pins.md 3). What only a case
-- file tells (referral, place, designated, applied, other aid) is NULL here: unknown, and other aid none.
-- Who applied is not in the data: a benefit on application is computed as if applied for, unless a case says otherwise.
WITH aid AS (
  SELECT setl_id, CAST(SUM(amount) AS BIGINT) AS amount FROM other_aid GROUP BY setl_id
)
SELECT
  s.setl_id, s.visit_id, s.person_id, s.insutype, s.setting, s.hospital_level, s.admitted, s.discharged, s.settled,
  s.total, s.scope, s.basic_paid, s.serious_illness_paid, s.medical_assistance_paid, s.tilt_paid, s.self_in_scope,
  s.scope - s.basic_paid - s.serious_illness_paid AS remaining,
  COALESCE(s.admitted, s.discharged) AS begun, GREATEST(COALESCE(s.admitted, s.discharged), p.year_start) AS begun_here,
  COALESCE(s.admitted, s.discharged) < p.year_start AS early, d.referral, d.in_region, d.designated,
  COALESCE(d.applied, TRUE) AS applied, COALESCE(a.amount, 0) AS other_aid,
  COALESCE(d.special_drug_cost, 0) AS special_drug_cost,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY s.person_id ORDER BY s.discharged NULLS LAST, s.settled NULLS LAST, s.setl_id NULLS LAST
  ) AS INTEGER) AS nth,
  CASE WHEN g.setl_id IS NULL THEN 0 ELSE g.age END AS age,
  CASE WHEN g.setl_id IS NULL THEN 0 ELSE g.age_out END AS age_out, s.batch_id, s.line, s.record_digest
FROM billed AS s
CROSS JOIN period AS p
LEFT JOIN settlement_detail AS d ON d.setl_id = s.setl_id
LEFT JOIN aid AS a ON a.setl_id = s.setl_id
LEFT JOIN aged AS g ON g.setl_id = s.setl_id
WHERE s.discharged >= p.year_start AND s.discharged < p.year_end AND s.settled < p.month_end AND NOT s.cancelled
