-- 医疗救助的疑点 Whether medical assistance is determined on these days, and what it may be more than.
SELECT
  m.person_id, m.seg_from, m.determined,
  'medical_assistance: ' || COALESCE(m.remark, CASE WHEN NOT m.determined THEN r.undetermined_reason END) AS doubt
FROM ranked_medical_assistance AS m
JOIN rule AS r ON r.rule_id = m.rule_id
WHERE m.place = 1
