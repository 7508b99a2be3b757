-- title: 多救助
-- title_en: assisted by more than is due
-- severity: medium
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 国办发〔2021〕42号（分类救助）；新疆通知（2023-02-09）第四条（避免重复救助）
-- A settlement for which more assistance was paid than the determined rules give (subject: the settlement). What the
-- other benefit lacks may stand in this one's line and is no excess; where a rule that is not determined may give more,
-- nothing is said. Expected: what is due; actual: what was paid.
SELECT person_id, setl_id AS subject, county, category, expected, actual, batch_id, line, record_digest
FROM assistance
WHERE verdict = 'overpaid'
