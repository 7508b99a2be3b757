-- 医疗费用结算 Each settlement in its newest version: the payers in order, what the person bears in scope, and refunds.
-- A refund and what it takes back both stay, and neither counts: a refund never does.
-- The platform's medical-assistance figure is without tilt (倾斜救助/再救助), which stands among the fund lines.
WITH current_row AS (
  SELECT s.*, n.person_id, COALESCE(SUBSTRING(s.insuplc_admdvs, 1, 2), '') AS province
  FROM newest_settlement AS n
  JOIN medical_insurance_settlements AS s ON s.batch_id = n.batch_id AND s.line = n.line
),
tilted AS (
  SELECT d.batch_id, d.line, CAST(SUM(d.fund_payamt) AS BIGINT) AS tilt_paid
  FROM current_row AS s
  JOIN medical_insurance_settlements_setldetail AS d ON d.batch_id = s.batch_id AND d.line = s.line
  JOIN known_code AS c ON c.list = 'fund_pay_type' AND c.province = s.province AND c.code = d.fund_pay_type
  WHERE c.value = 'tilt'
  GROUP BY d.batch_id, d.line
)
SELECT
  s.setl_id, s.mdtrt_id AS visit_id, s.person_id, s.insutype, m.value AS setting, h.value AS hospital_level,
  s.begndate AS admitted, s.enddate AS discharged, s.setl_time AS settled, SUBSTRING(s.insuplc_admdvs, 1, 6) AS region,
  s.medfee_sumamt AS total, s.inscp_scp_amt AS scope, s.act_pay_dedc AS deductible,
  s.hifp_pay AS basic_paid, s.hifmi_pay AS serious_illness_paid, s.maf_pay AS medical_assistance_paid,
  COALESCE(t.tilt_paid, 0) AS tilt_paid,
  s.inscp_scp_amt - s.hifp_pay - s.hifmi_pay - s.maf_pay - COALESCE(t.tilt_paid, 0) AS self_in_scope,
  s.psn_cash_pay AS cash_paid, s.medfee_sumamt < 0 OR k.setl_id IS NOT NULL AS cancelled,
  s.batch_id, s.line, s.record_digest
FROM current_row AS s
LEFT JOIN tilted AS t ON t.batch_id = s.batch_id AND t.line = s.line
LEFT JOIN taken_back AS k ON k.setl_id = s.setl_id
LEFT JOIN known_code AS m ON m.list = 'med_type' AND m.province = s.province AND m.code = s.med_type
LEFT JOIN known_code AS h ON h.list = 'hosp_lv' AND h.province = s.province AND h.code = s.hosp_lv
