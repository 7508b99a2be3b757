-- title: 一个人员编号对应多个证件
-- title_en: one person number on two ID numbers
-- severity: medium
-- addressee: rural_revitalization
-- deadline_days: 30
-- citation: 防返贫监测信息系统数据质量规则
-- In the newest list of a source (it is asked) one 人编号 or 人员编号 (subject) stands beside two ID numbers or more. The
-- finding is of the number, not of a person. Actual: how many persons it names.
WITH newest AS (
  SELECT source, stream, MAX(place) AS place FROM batch_order WHERE complete GROUP BY source, stream
),
numbered AS (
  SELECT
    'rural_revitalization' AS source, 'monitored' AS stream, person_number AS number,
    SUBSTRING(division, 1, 6) AS county, batch_id, line, record_digest
  FROM rural_revitalization_monitored
  UNION ALL
  SELECT 'medical_insurance', 'persons', psn_no, CAST(NULL AS STRING), batch_id, line, record_digest
  FROM medical_insurance_persons
),
listed AS (
  SELECT
    n.*, l.person_id,
    ROW_NUMBER() OVER (
      PARTITION BY n.source, n.number ORDER BY n.record_digest NULLS LAST, n.line NULLS LAST) AS nth
  FROM numbered AS n
  JOIN linked AS l ON l.batch_id = n.batch_id AND l.line = n.line AND NOT l.held
  JOIN newest AS w ON w.source = l.origin AND w.stream = l.origin_stream AND w.place = l.place
),
shared AS (
  SELECT source, number, COUNT(DISTINCT person_id) AS persons
  FROM listed
  GROUP BY source, number
  HAVING COUNT(DISTINCT person_id) > 1
)
SELECT
  s.number AS subject, s.source AS addressee, l.county, 1 AS expected, s.persons AS actual,
  l.batch_id, l.line, l.record_digest
FROM shared AS s
JOIN listed AS l ON l.source = s.source AND l.number = s.number AND l.nth = 1
