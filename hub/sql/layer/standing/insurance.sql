-- 保险之前 The settlements of those whose insurance is to be computed.
SELECT
  c.person_id, c.situation_id, c.nth, c.care_id, c.day, c.scope AS unpaid, c.whole AS room, TRUE AS close
FROM charge AS c
JOIN uninsured_cost AS u ON u.person_id = c.person_id
