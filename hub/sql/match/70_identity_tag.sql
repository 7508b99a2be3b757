-- 医保身份标识 What medical insurance shows as a person's identity: a copy of a certification, not one itself.
WITH shown AS (
  SELECT
    p.person_id, i.psn_idet_type, c.value AS category, i.begntime AS valid_from,
    COALESCE(i.endtime, DATE '9999-12-31') AS valid_until, p.region, p.place, p.batch_id, p.line, p.record_digest
  FROM insured AS p
  JOIN medical_insurance_persons_idetinfo AS i ON i.batch_id = p.batch_id AND i.line = p.line
  LEFT JOIN known_code AS c
    ON c.list = 'psn_idet_type' AND c.province = p.province AND c.code = i.psn_idet_type
),
version AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, category, valid_from
      ORDER BY place DESC NULLS LAST, valid_until DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST
    ) AS age
  FROM shown
  WHERE COALESCE(category, '') <> 'none' AND valid_until > valid_from
)
SELECT person_id, category, valid_from, valid_until, region, batch_id, line, record_digest
FROM version
WHERE age = 1
