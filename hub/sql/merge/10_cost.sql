-- 年内费用 The settlements that count in the benefit year so far: discharged in the year, settled up to the month's end,
-- not taken back. `remaining` is what basic and serious-illness insurance left of the cost in scope.
SELECT
  s.setl_id, s.visit_id, s.person_id, s.insutype, s.setting, s.admitted, s.discharged, s.scope,
  s.basic_paid, s.serious_illness_paid, s.medical_assistance_paid, s.tilt_paid, s.self_in_scope,
  s.scope - s.basic_paid - s.serious_illness_paid AS remaining,
  s.batch_id, s.line, s.record_digest
FROM settlement AS s
CROSS JOIN period AS p
WHERE s.discharged >= p.year_start AND s.discharged < p.year_end AND s.settled < p.month_end AND NOT s.cancelled
