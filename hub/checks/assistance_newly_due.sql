-- title: 应退应补
-- title_en: newly due after a later certification
-- severity: medium
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 国办发〔2021〕42号（分类救助）
-- A settlement made before the category of the winning rule was certified, with effect from before the settlement: less
-- was paid than is now due (subject: the settlement). Expected: what is due; actual: what was paid, perhaps by a rule
-- for a lower category.
SELECT person_id, setl_id AS subject, county, category, expected, actual, batch_id, line, record_digest
FROM assistance
WHERE verdict = 'newly_due'
