-- 参保人员现状 The newest row of each 人员编号 at medical insurance, under whichever ID number it carries now.
-- A number that stands under two ID numbers in one delivery counts for both persons (and is a finding).
WITH appeared AS (
  SELECT
    p.batch_id, p.line, p.record_digest, p.psn_no, p.gend, p.naty, p.brdy, l.person_id, l.place,
    RANK() OVER (PARTITION BY p.psn_no ORDER BY l.place DESC NULLS LAST) AS age
  FROM medical_insurance_persons AS p
  JOIN linked AS l ON l.batch_id = p.batch_id AND l.line = p.line
  WHERE NOT l.held
),
chosen AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY psn_no, person_id ORDER BY record_digest DESC NULLS LAST, line NULLS LAST) AS version
  FROM appeared
  WHERE age = 1
)
SELECT
  c.person_id, c.psn_no, c.gend, c.naty, c.brdy, c.place, c.batch_id, c.line, c.record_digest,
  COALESCE(SUBSTRING(i.insuplc_admdvs, 1, 2), '') AS province,
  SUBSTRING(i.insuplc_admdvs, 1, 6) AS region
FROM chosen AS c
LEFT JOIN medical_insurance_persons_insuinfo AS i
  ON i.batch_id = c.batch_id AND i.line = c.line AND i.ordinal = 0
WHERE c.version = 1
