-- 测算后的负担 What each settlement of a case leaves to the person, by what the layers are computed to pay. What is
-- undetermined counts as borne, so that a line which might be passed is not hidden; `..._unsure` says why.
SELECT
  c.setl_id, c.visit_id, c.person_id, c.insutype, c.setting, c.begun, c.begun_here, c.discharged, c.total, c.scope,
  b.remaining, b.remaining_unsure, b.after_layers AS self_in_scope, b.self_unsure,
  b.total_remaining, b.total_self, c.batch_id, c.line, c.record_digest
FROM cost AS c
JOIN bill AS b ON b.setl_id = c.setl_id
