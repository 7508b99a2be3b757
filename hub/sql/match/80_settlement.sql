-- 医疗费用结算 Each settlement in its newest version: the payers in order, what the person bears in scope, and refunds.
-- A refund (negative total) that names a settlement of the same person takes it back; without a name, it takes back one
-- of the same visit with the opposite total. Both stay, neither counts: a refund never does, and what it takes back no
-- longer does from the month in which the refund was settled.
-- The platform's medical-assistance figure is without tilt (倾斜救助/再救助), which stands among the fund lines.
WITH appeared AS (
  SELECT
    s.*, l.person_id, COALESCE(SUBSTRING(s.insuplc_admdvs, 1, 2), '') AS province,
    ROW_NUMBER() OVER (
      PARTITION BY s.setl_id
      ORDER BY l.place DESC NULLS LAST, s.record_digest DESC NULLS LAST, s.line NULLS LAST) AS age
  FROM medical_insurance_settlements AS s
  JOIN linked AS l ON l.batch_id = s.batch_id AND l.line = s.line
  WHERE NOT l.held
),
current_row AS (SELECT * FROM appeared WHERE age = 1),
tilted AS (
  SELECT d.batch_id, d.line, CAST(SUM(d.fund_payamt) AS BIGINT) AS tilt_paid
  FROM current_row AS s
  JOIN medical_insurance_settlements_setldetail AS d ON d.batch_id = s.batch_id AND d.line = s.line
  JOIN known_code AS c ON c.list = 'fund_pay_type' AND c.province = s.province AND c.code = d.fund_pay_type
  WHERE c.value = 'tilt'
  GROUP BY d.batch_id, d.line
),
refund AS (
  SELECT r.setl_id, r.person_id, r.mdtrt_id, r.medfee_sumamt, r.init_setl_id
  FROM current_row AS r
  CROSS JOIN period AS p
  WHERE r.medfee_sumamt < 0 AND r.setl_time < p.month_end
),
named AS (
  SELECT DISTINCT o.setl_id
  FROM refund AS r
  JOIN current_row AS o ON o.setl_id = r.init_setl_id AND o.person_id = r.person_id
),
unnamed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, mdtrt_id, medfee_sumamt ORDER BY setl_id NULLS LAST) AS nth
  FROM refund
  WHERE init_setl_id IS NULL
),
open_row AS (
  SELECT
    s.setl_id, s.person_id, s.mdtrt_id, s.medfee_sumamt,
    ROW_NUMBER() OVER (
      PARTITION BY s.person_id, s.mdtrt_id, s.medfee_sumamt
      ORDER BY s.setl_time NULLS LAST, s.setl_id NULLS LAST) AS nth
  FROM current_row AS s
  LEFT JOIN named AS n ON n.setl_id = s.setl_id
  WHERE n.setl_id IS NULL AND s.medfee_sumamt > 0
),
taken AS (
  SELECT setl_id FROM named
  UNION
  SELECT o.setl_id
  FROM open_row AS o
  JOIN unnamed AS r
    ON r.person_id = o.person_id AND r.mdtrt_id = o.mdtrt_id AND r.medfee_sumamt = -o.medfee_sumamt AND r.nth = o.nth
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
LEFT JOIN taken AS k ON k.setl_id = s.setl_id
LEFT JOIN known_code AS m ON m.list = 'med_type' AND m.province = s.province AND m.code = s.med_type
LEFT JOIN known_code AS h ON h.list = 'hosp_lv' AND h.province = s.province AND h.code = s.hosp_lv
