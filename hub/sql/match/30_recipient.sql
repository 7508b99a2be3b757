-- 民政救助对象现状 Each grant of civil affairs to a person, in its newest version, from when until when.
-- From the first of the begin month to the first of the month after the end month; a grant absent from a later complete
-- list ends on that list's day, never later than its own end. A held row, or one in quarantine, still shows that the
-- grant is on the list. Each department's list speaks for itself: absence from it ends only what it said.
WITH appeared AS (
  SELECT r.*, l.person_id, l.origin, l.origin_stream, l.held, l.place, l.gone_from
  FROM civil_affairs_recipients AS r
  JOIN linked AS l ON l.batch_id = r.batch_id AND l.line = r.line
),
last_seen AS (
  SELECT
    origin, origin_stream, assistance_type, household_number, person_id, begin_month,
    MAX(gone_from) AS gone_from, MAX(place) AS place
  FROM appeared
  GROUP BY origin, origin_stream, assistance_type, household_number, person_id, begin_month
),
presence AS (
  SELECT
    s.origin, s.origin_stream, s.assistance_type, s.household_number, s.person_id, s.begin_month,
    GREATEST(s.gone_from, COALESCE(w.gone_from, s.gone_from)) AS gone_from
  FROM last_seen AS s
  LEFT JOIN still_listed AS w
    ON w.person_id = s.person_id AND w.source = s.origin AND w.stream = s.origin_stream
   AND s.place + 1 BETWEEN w.first_place AND w.last_place
),
version AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY origin, origin_stream, assistance_type, household_number, person_id, begin_month
      ORDER BY place DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST) AS age
  FROM appeared
  WHERE NOT held
)
SELECT
  v.person_id, v.assistance_type, t.value AS category, u.value AS urban_rural,
  v.origin || ':' || v.household_number AS household_key,
  v.begin_month AS valid_from,
  LEAST(
    CAST(COALESCE(v.end_month + INTERVAL '1' MONTH, DATE '9999-12-31') AS DATE),
    p.gone_from) AS valid_until,
  v.covered, v.relation, v.certified, v.division, v.origin, v.origin_stream,
  v.place, v.batch_id, v.line, v.record_digest
FROM version AS v
JOIN presence AS p
  ON p.origin = v.origin AND p.origin_stream = v.origin_stream AND p.assistance_type = v.assistance_type
 AND p.household_number = v.household_number
 AND p.person_id = v.person_id AND p.begin_month = v.begin_month
LEFT JOIN known_code AS t
  ON t.list = 'assistance_type' AND t.province = SUBSTRING(v.division, 1, 2) AND t.code = v.assistance_type
LEFT JOIN known_code AS u
  ON u.list = 'urban_rural' AND u.province = SUBSTRING(v.division, 1, 2) AND u.code = v.urban_rural
WHERE v.age = 1
