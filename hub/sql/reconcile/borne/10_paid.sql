-- 已付后的负担 What each settlement leaves to the person, by what the departments say was paid: `remaining` after basic
-- and serious-illness insurance, `self_in_scope` after all layers, and `total_...` the same of the whole bill. Tilt is
-- taken off too: it is money the person did not bear.
SELECT
  setl_id, visit_id, person_id, insutype, setting, begun, begun_here, discharged, total, scope, remaining,
  self_in_scope, total - basic_paid - serious_illness_paid AS total_remaining,
  total - basic_paid - serious_illness_paid - medical_assistance_paid - tilt_paid AS total_self,
  batch_id, line, record_digest
FROM cost
