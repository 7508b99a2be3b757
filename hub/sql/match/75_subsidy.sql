-- 参保资助 Premium subsidies received, with who paid, as medical insurance shows them.
SELECT
  p.person_id, s.insu_year AS year, c.value AS payer, s.subsidy_amt AS amount, s.pay_date AS paid,
  s.ordinal, p.batch_id, p.line, p.record_digest
FROM insured AS p
JOIN medical_insurance_persons_subsidyinfo AS s ON s.batch_id = p.batch_id AND s.line = p.line
LEFT JOIN known_code AS c
  ON c.list = 'subsidy_payer' AND c.province = p.province AND c.code = s.payer
