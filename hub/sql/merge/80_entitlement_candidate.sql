-- 候选规则 Every rule that reached the person, the winner and what it outranked, with the reason and the spell's row.
SELECT
  r.person_id, r.benefit, i.valid_from, i.valid_until, r.place, r.category, r.region, r.rule_key, r.document, r.article,
  r.determined, r.annual_amount, r.reason, r.batch_id, r.line, r.record_digest
FROM island AS i
JOIN ranked AS r ON r.person_id = i.person_id AND r.benefit = i.benefit AND r.seg_from = i.valid_from
