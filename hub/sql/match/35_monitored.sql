-- 防返贫监测与脱贫人口现状 Each person of the monitoring system, in the newest version, and what the row says in days.
-- `removed` is the day from which the risk is removed; without a day, that of the first list that says so. Whether a
-- category ends with its risk is config (config/categories.toml). `gone_from` as for grants, list by list.
WITH appeared AS (
  SELECT
    m.*, l.person_id, l.origin, l.origin_stream, l.held, l.place, l.gone_from,
    CASE WHEN m.out_of_poverty_year BETWEEN 1978 AND 2999 THEN m.out_of_poverty_year END AS out_year
  FROM rural_revitalization_monitored AS m
  JOIN linked AS l ON l.batch_id = m.batch_id AND l.line = m.line
),
last_seen AS (
  SELECT
    origin, origin_stream, person_id, person_number, MAX(gone_from) AS gone_from, MAX(place) AS place,
    MIN(as_of) AS first_seen,
    MIN(CASE WHEN risk_removed THEN as_of END) AS removal_seen
  FROM appeared
  GROUP BY origin, origin_stream, person_id, person_number
),
presence AS (
  SELECT
    s.origin, s.origin_stream, s.person_id, s.person_number, s.first_seen, s.removal_seen,
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
      PARTITION BY origin, origin_stream, person_id, person_number
      ORDER BY place DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST) AS age
  FROM appeared
  WHERE NOT held
)
SELECT
  v.person_id, v.monitored_type, h.value AS household_type,
  CASE WHEN v.monitored_type IS NULL THEN 'none' ELSE t.value END AS monitored,
  COALESCE(v.back_in_poverty, FALSE) AS back_in_poverty,
  v.origin || ':' || v.household_number AS household_key,
  COALESCE(v.identified, p.first_seen) AS identified,
  v.identified AS certified,
  CASE WHEN v.risk_removed THEN COALESCE(v.removed, p.removal_seen) END AS removed,
  COALESCE(MAKE_DATE(v.out_year + 1, 1, 1), p.first_seen) AS stable_from,
  COALESCE(v.identified, MAKE_DATE(v.out_year, 1, 1), p.first_seen) AS member_from,
  p.gone_from, v.relation, v.naty_name, v.division, v.origin, v.origin_stream,
  v.place, v.batch_id, v.line, v.record_digest
FROM version AS v
JOIN presence AS p
  ON p.origin = v.origin AND p.origin_stream = v.origin_stream
 AND p.person_id = v.person_id AND p.person_number = v.person_number
LEFT JOIN known_code AS t
  ON t.list = 'monitored_type' AND t.province = SUBSTRING(v.division, 1, 2) AND t.code = v.monitored_type
LEFT JOIN known_code AS h
  ON h.list = 'household_type' AND h.province = SUBSTRING(v.division, 1, 2) AND h.code = v.household_type
WHERE v.age = 1
