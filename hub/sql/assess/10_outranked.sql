-- 未采用的待遇 What each rule that did not win on the day of a settlement would have given for it.
SELECT c.setl_id, r.benefit, r.category, o.amount, o.reason, r.document, r.article, w.place
FROM ranked_everywhere AS w
JOIN rule AS r ON r.rule_id = w.rule_id
JOIN cost AS c
  ON c.person_id = w.person_id
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.begun_here END >= w.seg_from
 AND CASE WHEN r.on_day = 'discharge' THEN c.discharged ELSE c.begun_here END < w.seg_until
JOIN every_offer AS o ON o.person_id = c.person_id AND o.nth = c.nth AND o.rule_id = w.rule_id
WHERE w.reason <> 'winner' AND o.given IS NULL
