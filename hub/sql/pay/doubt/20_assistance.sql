-- 医疗救助的疑点 Whether medical assistance is determined in these stretches, and what it may be more than.
SELECT
  m.person_id, a.stretch_id, m.determined,
  'medical_assistance: ' || COALESCE(m.remark, CASE WHEN NOT m.determined THEN r.undetermined_reason END) AS doubt
FROM rank_medical_assistance AS m
JOIN assistance_stretch AS a ON a.assistance_id = m.stretch_id
JOIN rule AS r ON r.rule_id = m.rule_id
WHERE m.place = 1 AND (m.remark IS NOT NULL OR NOT m.determined)
