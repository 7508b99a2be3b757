-- 候选规则 Every rule that reached the person, the winner and what it outranked, with the reason and the spell's row.
WITH evidence AS (
  SELECT DISTINCT person_id, batch_id, line, record_digest FROM category_spell
)
SELECT
  i.person_id, i.benefit, i.valid_from, i.valid_until, w.place, r.category, r.region, r.rule_key, r.document, r.article,
  w.determined, w.annual_amount, w.reason, w.batch_id, w.line, e.record_digest
FROM island AS i
JOIN ranked AS w ON w.person_id = i.person_id AND w.benefit = i.benefit AND w.seg_from = i.valid_from
JOIN rule AS r ON r.rule_id = w.rule_id
JOIN evidence AS e ON e.person_id = w.person_id AND e.batch_id = w.batch_id AND e.line = w.line
