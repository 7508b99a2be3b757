-- 基本医保之前 What is to be paid of each settlement before any layer, for those whose insurance is to be computed.
-- Where the other insurance is told, no more than it left is paid.
SELECT
  c.person_id, c.nth, u.basic_paid AS given, CAST(NULL AS STRING) AS unsure, c.scope, c.scope AS after_insurance,
  c.scope AS unpaid,
  LEAST(c.whole, c.scope - COALESCE(u.serious_illness_paid, 0)) AS room, CAST(0 AS BIGINT) AS deducted,
  CAST(0 AS BIGINT) AS above_basic, FALSE AS cap_reached
FROM close_charge AS c
JOIN told AS u ON u.setl_id = c.setl_id
