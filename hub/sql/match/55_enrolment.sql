-- 参保 Each insurance of a person, from joining until pausing; half-open, open where it was not paused.
WITH shown AS (
  SELECT
    p.person_id, i.insutype, i.psn_insu_stas, s.value AS status, i.psn_insu_date AS valid_from,
    COALESCE(i.paus_insu_date, DATE '9999-12-31') AS valid_until,
    SUBSTRING(i.insuplc_admdvs, 1, 6) AS region, p.place, p.batch_id, p.line, p.record_digest, i.ordinal
  FROM insured AS p
  JOIN medical_insurance_persons_insuinfo AS i ON i.batch_id = p.batch_id AND i.line = p.line
  LEFT JOIN known_code AS s
    ON s.list = 'psn_insu_stas' AND s.province = p.province AND s.code = i.psn_insu_stas
),
version AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, insutype, region, valid_from
      ORDER BY place DESC NULLS LAST, valid_until DESC NULLS LAST, status NULLS LAST,
               record_digest DESC NULLS LAST, ordinal NULLS LAST) AS age
  FROM shown
)
SELECT
  v.person_id, v.insutype, v.status, v.valid_from, v.valid_until, v.region, a.pooling_area,
  v.batch_id, v.line, v.record_digest
FROM version AS v
CROSS JOIN period AS p
LEFT JOIN pooling_area AS a
  ON a.county = v.region AND a.valid_from <= p.last_day AND a.valid_until > p.last_day
WHERE v.age = 1
