-- 人 Each person: the best row that shows who this is, and what the departments together know.
-- The row that leads back to the source is the newest of the most trusted stream, one with a name before one without.
-- Sex and birth come from the ID number, else from medical insurance. Residence: civil affairs' newest, else the
-- monitoring system's, else the insured place, else where relief was paid or the death registered.
-- Rural: as civil affairs says; else true where the monitoring system knows the person; else unknown.
WITH evidence AS (
  SELECT
    l.person_id, s.name_masked, s.id_grade, s.id_sex, s.id_birth, l.place, s.batch_id, s.line, s.record_digest,
    COALESCE(t.trust, 9) AS trust
  FROM linked AS l
  JOIN sighting AS s ON s.batch_id = l.batch_id AND s.line = l.line
  LEFT JOIN (VALUES
    ('medical_insurance', 'persons', 1), ('civil_affairs', 'recipients', 2), ('rural_revitalization', 'monitored', 3),
    ('civil_affairs', 'deaths', 4), ('civil_affairs', 'relief', 5), ('medical_insurance', 'settlements', 6)
  ) AS t (source, stream, trust) ON t.source = l.source AND t.stream = l.stream
  WHERE NOT l.held
),
best AS (
  SELECT
    *,
    MAX(id_sex) OVER (PARTITION BY person_id) AS sex,
    MAX(id_birth) OVER (PARTITION BY person_id) AS birth,
    ROW_NUMBER() OVER (
      PARTITION BY person_id
      ORDER BY CASE WHEN name_masked IS NULL THEN 1 ELSE 0 END NULLS LAST, trust NULLS LAST,
               place DESC NULLS LAST, record_digest DESC NULLS LAST, batch_id NULLS LAST, line NULLS LAST) AS age
  FROM evidence
),
at_insurance AS (
  SELECT
    i.*, g.value AS sex,
    ROW_NUMBER() OVER (
      PARTITION BY i.person_id
      ORDER BY i.place DESC NULLS LAST, i.record_digest DESC NULLS LAST, i.line NULLS LAST) AS age
  FROM insured AS i
  LEFT JOIN known_code AS g ON g.list = 'gend' AND g.province = i.province AND g.code = i.gend
),
at_civil_affairs AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id
      ORDER BY place DESC NULLS LAST, valid_from DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST
    ) AS age
  FROM recipient
),
in_monitoring AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id
      ORDER BY place DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST) AS age
  FROM monitored
),
died AS (
  SELECT
    l.person_id, d.died, d.division,
    ROW_NUMBER() OVER (
      PARTITION BY l.person_id
      ORDER BY l.place DESC NULLS LAST, d.record_digest DESC NULLS LAST, d.line NULLS LAST) AS age
  FROM civil_affairs_deaths AS d
  JOIN linked AS l ON l.batch_id = d.batch_id AND l.line = d.line
  WHERE NOT l.held
),
relieved AS (
  SELECT
    l.person_id, r.division,
    ROW_NUMBER() OVER (
      PARTITION BY l.person_id
      ORDER BY l.place DESC NULLS LAST, r.record_digest DESC NULLS LAST, r.line NULLS LAST) AS age
  FROM civil_affairs_relief AS r
  JOIN linked AS l ON l.batch_id = r.batch_id AND l.line = r.line
  WHERE NOT l.held
),
known AS (
  SELECT
    b.person_id, b.name_masked, COALESCE(b.sex, CASE WHEN i.sex IN ('1', '2') THEN i.sex END) AS sex,
    COALESCE(b.birth, i.brdy) AS birth, COALESCE(i.naty, m.naty_name) AS ethnic,
    CASE
      WHEN c.urban_rural IS NOT NULL THEN c.urban_rural = 'rural'
      WHEN m.person_id IS NOT NULL THEN TRUE
    END AS rural,
    SUBSTRING(COALESCE(c.division, m.division, i.region, r.division, d.division), 1, 9) AS residence,
    d.died AS death, b.id_grade, b.batch_id, b.line, b.record_digest
  FROM best AS b
  LEFT JOIN at_insurance AS i ON i.person_id = b.person_id AND i.age = 1
  LEFT JOIN at_civil_affairs AS c ON c.person_id = b.person_id AND c.age = 1
  LEFT JOIN in_monitoring AS m ON m.person_id = b.person_id AND m.age = 1
  LEFT JOIN died AS d ON d.person_id = b.person_id AND d.age = 1
  LEFT JOIN relieved AS r ON r.person_id = b.person_id AND r.age = 1
  WHERE b.age = 1
)
SELECT
  person_id, name_masked, sex, birth, ethnic, rural, residence, SUBSTRING(residence, 1, 6) AS county, death, id_grade,
  batch_id, line, record_digest
FROM known
