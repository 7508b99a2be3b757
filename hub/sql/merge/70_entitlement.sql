-- 应享待遇 For each person, benefit and day the rule that wins, and what its category gives for the year.
SELECT
  i.person_id, i.benefit, i.valid_from, i.valid_until, r.category, r.region, r.rule_key, r.document, r.article,
  w.determined, COALESCE(w.remark, CASE WHEN NOT w.determined THEN r.undetermined_reason END) AS undetermined_reason,
  w.offer_amount AS annual_amount, r.mode
FROM island AS i
JOIN ranked AS w ON w.person_id = i.person_id AND w.benefit = i.benefit AND w.seg_from = i.valid_from
JOIN rule AS r ON r.rule_id = w.rule_id
WHERE w.place = 1
