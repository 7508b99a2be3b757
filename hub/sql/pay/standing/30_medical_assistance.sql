-- 医疗救助之前 What basic and serious-illness insurance left of each settlement.
SELECT
  c.person_id, c.nth, CAST(NULL AS BIGINT) AS given, CAST(NULL AS STRING) AS unsure, c.scope,
  c.unpaid AS after_insurance, c.unpaid, c.whole - c.scope + c.unpaid AS room, CAST(0 AS BIGINT) AS deducted,
  CAST(0 AS BIGINT) AS above_basic, FALSE AS cap_reached
FROM close_charge AS c
WHERE c.unpaid IS NOT NULL
UNION ALL
SELECT
  s.person_id, s.nth, CAST(NULL AS BIGINT), COALESCE(s.unsure, 'serious_illness: ' || b.reason), s.scope,
  s.unpaid - COALESCE(s.given, b.amount, 0), s.unpaid - COALESCE(s.given, b.amount, 0),
  s.room - COALESCE(s.given, b.amount, 0) - COALESCE(b.beyond, 0), GREATEST(s.deducted, COALESCE(b.deducted, 0)),
  CAST(0 AS BIGINT), FALSE
FROM close_standing_serious_illness AS s
JOIN close_charge AS c ON c.person_id = s.person_id AND c.nth = s.nth
LEFT JOIN settled_serious_illness AS b ON b.person_id = s.person_id AND b.nth = s.nth
WHERE c.unpaid IS NULL
