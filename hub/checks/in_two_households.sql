-- title: 同一来源中一人两户
-- title_en: one person in two households of one source
-- severity: medium
-- addressee: civil_affairs
-- deadline_days: 30
-- citation: 防返贫监测信息系统数据质量规则
-- A source (it is asked) lists a person on the month's last day under two household numbers at once (subject: the first
-- and the last of them); at civil affairs, within one category, because every kind of grant has certificates of its
-- own. Actual: the number of households.
WITH member AS (
  SELECT
    r.person_id, r.origin AS source, r.category AS scheme, r.household_key, r.batch_id, r.line, r.record_digest
  FROM recipient AS r
  CROSS JOIN period AS p
  WHERE r.valid_from <= p.last_day AND r.valid_until > p.last_day
  UNION ALL
  SELECT m.person_id, m.origin, '', m.household_key, m.batch_id, m.line, m.record_digest
  FROM monitored AS m
  CROSS JOIN period AS p
  WHERE m.member_from <= p.last_day AND m.gone_from > p.last_day
),
several AS (
  SELECT
    person_id, source, scheme, COUNT(DISTINCT household_key) AS households,
    MIN(household_key) || '+' || MAX(household_key) AS subject
  FROM member
  GROUP BY person_id, source, scheme
  HAVING COUNT(DISTINCT household_key) > 1
),
named AS (
  SELECT
    m.*, s.households, s.subject,
    ROW_NUMBER() OVER (
      PARTITION BY m.person_id, s.subject
      ORDER BY m.scheme NULLS LAST, m.household_key NULLS LAST, m.record_digest NULLS LAST) AS nth
  FROM member AS m
  JOIN several AS s ON s.person_id = m.person_id AND s.source = m.source AND s.scheme = m.scheme
)
SELECT
  m.person_id, m.subject, COALESCE(o.department, m.source) AS addressee, n.county,
  CASE WHEN m.scheme <> '' THEN m.scheme END AS category,
  1 AS expected, m.households AS actual, m.batch_id, m.line, m.record_digest
FROM named AS m
JOIN person AS n ON n.person_id = m.person_id
JOIN batch_order AS o ON o.batch_id = m.batch_id
WHERE m.nth = 1
