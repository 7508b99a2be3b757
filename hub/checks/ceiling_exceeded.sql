-- title: 报销比例超上限
-- title_en: reimbursement above the ceiling
-- severity: low
-- addressee: medical_insurance
-- deadline_days: 60
-- citation: 新疆通知（2023-02-09）第四条（原则上不超过95%）
-- The layers together paid more of a person's in-scope cost of the year so far (or of the whole bill, or of one stay,
-- where the rule says so) than the ceiling of the categories that the person held on the days of admission; in the
-- settings the rule speaks of. Where several ceilings reach a stay the most generous counts; of several stays that each
-- pass a ceiling the worst is told. Expected: the most the layers may pay; actual: what they paid.
WITH worst AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id ORDER BY paid - allowed DESC NULLS LAST, visit_id NULLS LAST) AS nth
  FROM above_ceiling
)
SELECT
  w.person_id, n.county, w.category, w.allowed AS expected, w.paid AS actual, w.batch_id, w.line, w.record_digest
FROM worst AS w
JOIN person AS n ON n.person_id = w.person_id
WHERE w.nth = 1
