-- 各笔的规则 Which rule pays each settlement that is asked about (`on_sums`), and what of the settlement it counts. The
-- category of `day` counts. No rule: `rule_id` is NULL.
SELECT
  s.person_id, s.situation_id, s.nth, s.care_id, s.day, s.unpaid, s.room, b.rule_id,
  CASE WHEN b.met THEN GREATEST(s.unpaid, 0) ELSE 0 END AS counted
FROM on_sums AS s
LEFT JOIN champion AS w ON w.person_id = s.person_id AND s.day >= w.valid_from AND s.day < w.valid_until
LEFT JOIN ballot_care AS b
  ON b.stretch_id = w.stretch_id AND b.offer_rule = w.rule_id AND b.care_id = s.care_id
