-- 基本医保之前 What is to be paid of each settlement before any layer, for those whose insurance is to be computed.
SELECT
  c.person_id, c.nth, c.basic_paid AS given, CAST(NULL AS STRING) AS unsure, c.scope, c.scope AS after_insurance,
  c.scope AS unpaid, c.total - c.other_aid AS room, CAST(0 AS BIGINT) AS deducted
FROM close_charge AS c
JOIN uninsured_cost AS u ON u.person_id = c.person_id
