-- 大病保险之前 What basic insurance left, for those whose insurance is to be computed. No rule for it: it paid nothing.
-- `above_basic`: the cost that it did not count because of its cap of cost.
SELECT
  s.person_id, s.nth, u.serious_illness_paid AS given, 'basic_insurance: ' || b.reason AS unsure, s.scope,
  s.scope - COALESCE(s.given, b.amount, 0) AS after_insurance, s.scope - COALESCE(s.given, b.amount, 0) AS unpaid,
  c.whole - COALESCE(s.given, b.amount, 0) AS room, COALESCE(b.deducted, 0) AS deducted,
  COALESCE(b.uncounted, 0) AS above_basic, FALSE AS cap_reached
FROM close_standing_basic_insurance AS s
JOIN close_charge AS c ON c.person_id = s.person_id AND c.nth = s.nth
JOIN told AS u ON u.setl_id = c.setl_id
LEFT JOIN settled_basic_insurance AS b ON b.person_id = s.person_id AND b.nth = s.nth
