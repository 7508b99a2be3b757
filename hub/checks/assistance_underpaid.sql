-- title: 少救助
-- title_en: assisted by less than is due
-- severity: medium
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 国办发〔2021〕42号（分类救助）
-- A settlement for which some assistance was paid, but less than the determined rules give (subject: the settlement).
-- What stands in the other benefit's line, or in a line whose purpose nobody tells, counts as paid. Expected: what is
-- due; actual: what was paid, at most.
SELECT person_id, setl_id AS subject, county, category, expected, actual, batch_id, line, record_digest
FROM assistance
WHERE verdict = 'underpaid'
