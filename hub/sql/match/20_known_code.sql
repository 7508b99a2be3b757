-- 代码对照 Each source code's meaning, for each province that a row can be of; a province's own list goes first.
WITH province AS (
  SELECT '' AS province
  UNION SELECT SUBSTRING(division, 1, 2) FROM civil_affairs_recipients
  UNION SELECT SUBSTRING(division, 1, 2) FROM rural_revitalization_monitored
  UNION SELECT SUBSTRING(insuplc_admdvs, 1, 2) FROM medical_insurance_persons_insuinfo
  UNION SELECT SUBSTRING(insuplc_admdvs, 1, 2) FROM medical_insurance_settlements
),
offered AS (
  SELECT
    c.list, p.province, c.code, c.value,
    ROW_NUMBER() OVER (
      PARTITION BY c.list, p.province, c.code ORDER BY c.province DESC NULLS LAST, c.value NULLS LAST) AS place
  FROM province AS p
  JOIN code_map AS c ON c.province = p.province OR c.province = ''
  WHERE p.province IS NOT NULL
)
SELECT list, province, code, value FROM offered WHERE place = 1
