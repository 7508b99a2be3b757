-- title: 未申请
-- title_en: entitled, not applied for
-- severity: medium
-- addressee: civil_affairs
-- deadline_days: 30
-- citation: 国办发〔2021〕42号（依申请救助）
-- A settlement for which a determined rule gives assistance on application, and nothing was paid by it (subject: the
-- settlement). No department tells of applications: that nothing was paid is taken to mean that nobody applied, so
-- that the person is to be told of it, and helped to apply. Expected: what is due; actual: what was paid
-- by another rule.
SELECT person_id, setl_id AS subject, county, category, expected, actual, batch_id, line, record_digest
FROM assistance
WHERE verdict = 'not_applied'
