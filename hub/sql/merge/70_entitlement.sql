-- 应享待遇 For each person, benefit and day the rule that wins, and what it gives for the year.
SELECT
  r.person_id, r.benefit, i.valid_from, i.valid_until, r.category, r.region, r.rule_key, r.document, r.article,
  r.determined, r.undetermined_reason, r.offer_amount AS annual_amount, r.mode
FROM island AS i
JOIN ranked AS r ON r.person_id = i.person_id AND r.benefit = i.benefit AND r.seg_from = i.valid_from
WHERE r.place = 1
