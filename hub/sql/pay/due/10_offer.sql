-- 待比较 Every rule of the layer that has to be worked out by settlement, put to all the person's settlements of the year.
SELECT r.person_id, c.nth, r.rule_id, r.offer_account AS account
FROM close_rule AS r
JOIN close_charge AS c ON c.person_id = r.person_id
