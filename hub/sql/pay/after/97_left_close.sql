-- 逐笔计算之后 What a layer leaves of each settlement that was worked out by itself.
SELECT
  c.person_id, c.situation_id, c.nth, c.care_id, c.day, s.unpaid - COALESCE(b.amount, 0) AS unpaid,
  s.room - COALESCE(b.amount, 0) AS room, c.close OR s.unsure IS NOT NULL OR b.reason IS NOT NULL AS close
FROM close_charge AS c
JOIN close_standing AS s ON s.person_id = c.person_id AND s.nth = c.nth
LEFT JOIN settled AS b ON b.person_id = c.person_id AND b.nth = c.nth
