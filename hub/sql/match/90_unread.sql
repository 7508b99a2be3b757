-- 未能归类 What the stages could not read: must be empty. Landing has checked every code and every ID number has an
-- alias, so a row here means that a code list lost a code after rows were landed with it, or an alias was lost.
WITH unread AS (
  SELECT 'alias' AS list, '' AS province, '' AS code
  FROM sighting AS s LEFT JOIN alias AS a ON a.mac = s.mac WHERE a.person_id IS NULL
  UNION ALL
  SELECT 'assistance_type', SUBSTRING(r.division, 1, 2), r.assistance_type
  FROM recipient AS r LEFT JOIN category AS c ON c.code = r.category WHERE c.code IS NULL
  UNION ALL
  SELECT 'monitored_type', SUBSTRING(m.division, 1, 2), COALESCE(m.monitored_type, '')
  FROM monitored AS m LEFT JOIN category AS c ON c.code = m.monitored
  WHERE c.code IS NULL AND COALESCE(m.monitored, '') <> 'none'
  UNION ALL
  SELECT 'household_type', SUBSTRING(division, 1, 2), '' FROM monitored WHERE household_type IS NULL
  UNION ALL
  SELECT 'psn_insu_stas', SUBSTRING(region, 1, 2), '' FROM enrolment WHERE status IS NULL
  UNION ALL
  SELECT 'psn_idet_type', SUBSTRING(region, 1, 2), '' FROM identity_tag WHERE category IS NULL
  UNION ALL
  SELECT 'subsidy_payer', '', '' FROM subsidy WHERE payer IS NULL
  UNION ALL
  SELECT 'med_type', SUBSTRING(region, 1, 2), '' FROM settlement WHERE setting IS NULL
  UNION ALL
  SELECT 'fund_pay_type', SUBSTRING(s.region, 1, 2), d.fund_pay_type
  FROM settlement AS s
  JOIN medical_insurance_settlements_setldetail AS d ON d.batch_id = s.batch_id AND d.line = s.line
  LEFT JOIN known_code AS c
    ON c.list = 'fund_pay_type' AND c.province = COALESCE(SUBSTRING(s.region, 1, 2), '') AND c.code = d.fund_pay_type
  WHERE c.code IS NULL
)
SELECT list, province, code, COUNT(*) AS records
FROM unread
GROUP BY list, province, code
