-- 候选与就医类别 Which rule of an offer (one category's rules in one region) pays each kind of care, and whether the care
-- meets its conditions. `offer_rule` is any rule of the offer. `several`: more than one pays such care.
SELECT
  a.stretch_id, a.rule_id AS offer_rule, m.care_id, MIN(b.rule_id) AS rule_id, BOOL_AND(m.met) AS met,
  COUNT(*) > 1 AS several
FROM ballot AS a
JOIN ballot AS b ON b.stretch_id = a.stretch_id AND b.category = a.category AND b.region = a.region
JOIN measure_care AS m ON m.measure_id = b.measure_id
GROUP BY a.stretch_id, a.rule_id, m.care_id
