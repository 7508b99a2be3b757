-- title: 已死亡仍享受
-- title_en: deceased yet active
-- severity: high
-- addressee: medical_insurance
-- deadline_days: 15
-- citation: 新疆通知（2023-02-09）第五条（按月比对）
-- A person whose death is registered by the month's last day is on that day still listed in a category (subject: the
-- category; its certifier is asked), still insured (subject: enrolment; medical insurance is asked), or on the newest
-- payment list for a month that began after the death (subject: the list; its source is asked). The row is the one to
-- be ended, or whose money is to come back.
WITH newest_payment AS (
  SELECT batch_id, ROW_NUMBER() OVER (PARTITION BY source, stream ORDER BY place DESC NULLS LAST) AS age
  FROM batch_order
  WHERE semantics = 'payment'
),
active AS (
  SELECT
    h.person_id, h.category AS subject, h.county, h.category, h.certifier AS addressee,
    h.batch_id, h.line, h.record_digest, h.source || h.household_key AS place
  FROM holding AS h
  WHERE NOT h.living
  UNION ALL
  SELECT
    n.person_id, 'enrolment', n.county, CAST(NULL AS STRING), 'medical_insurance',
    e.batch_id, e.line, e.record_digest, ''
  FROM person AS n
  CROSS JOIN period AS p
  JOIN insured_place AS i ON i.person_id = n.person_id
  JOIN enrolment AS e
    ON e.person_id = n.person_id AND e.insutype = i.insutype AND e.region = i.region
   AND e.valid_from <= p.last_day AND e.valid_until > p.last_day
  WHERE n.death <= p.last_day
  UNION ALL
  SELECT
    l.person_id, 'civil_affairs_payments', n.county, CAST(NULL AS STRING), l.source,
    y.batch_id, y.line, y.record_digest, ''
  FROM civil_affairs_payments AS y
  JOIN linked AS l ON l.batch_id = y.batch_id AND l.line = y.line
  JOIN newest_payment AS w ON w.batch_id = y.batch_id AND w.age = 1
  JOIN person AS n ON n.person_id = l.person_id
  CROSS JOIN period AS p
  WHERE n.death <= p.last_day AND n.death < y.paid_month
),
once AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, subject ORDER BY place NULLS LAST, record_digest NULLS LAST, line NULLS LAST) AS nth
  FROM active
)
SELECT person_id, subject, county, category, addressee, batch_id, line, record_digest
FROM once
WHERE nth = 1
