-- 倾斜救助之前 What medical assistance, as really due for each settlement, left.
SELECT
  s.person_id, s.nth, s.given, COALESCE(s.unsure, 'medical_assistance: ' || b.reason) AS unsure, s.scope,
  s.after_insurance, s.unpaid - COALESCE(b.amount, 0) AS unpaid, s.room - COALESCE(b.amount, 0) AS room,
  GREATEST(s.deducted, COALESCE(b.deducted, 0)) AS deducted, CAST(0 AS BIGINT) AS above_basic,
  CASE WHEN b.reason IS NULL THEN COALESCE(b.cap_left, 1) = 0 END AS cap_reached
FROM close_standing_medical_assistance AS s
LEFT JOIN settled_medical_assistance AS b ON b.person_id = s.person_id AND b.nth = s.nth
