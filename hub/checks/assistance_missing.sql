-- title: 应助未助
-- title_en: entitled but not assisted
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 国办发〔2021〕42号（分类救助）
-- A settlement for which medical assistance or tilt is due by a determined rule that needs no application, for a
-- category certified by the day of settlement, and for which nothing was paid, in no fund line (subject: the
-- settlement). Refunds do not count. Expected: what is due; actual: nothing.
SELECT person_id, setl_id AS subject, county, category, expected, actual, batch_id, line, record_digest
FROM assistance
WHERE verdict = 'missing'
