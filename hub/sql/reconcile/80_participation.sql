-- 参保率 Participation per pooling area and population (pins.md 11; S0, S3 §1): distinct living listed persons on the
-- month's last day, by where they are listed; insured anywhere, as resident or employee, counts. Low-income persons
-- whom their source calls urban are not of the rural population. The rate is rounded down: 98.999 % is not 99 %.
WITH listed AS (
  SELECT a.pooling_area, 'rural_low_income' AS population, h.person_id, h.region
  FROM holding AS h
  CROSS JOIN period AS p
  JOIN pooling_area AS a ON a.county = h.region AND a.valid_from <= p.last_day AND a.valid_until > p.last_day
  WHERE h.living AND h.rural_low_income AND COALESCE(h.rural, TRUE)
  UNION ALL
  SELECT a.pooling_area, 'out_of_poverty', h.person_id, h.region
  FROM holding AS h
  CROSS JOIN period AS p
  JOIN pooling_area AS a ON a.county = h.region AND a.valid_from <= p.last_day AND a.valid_until > p.last_day
  WHERE h.living AND h.out_of_poverty
),
person_listed AS (
  SELECT DISTINCT l.pooling_area, l.population, l.person_id, i.person_id AS insured_id
  FROM listed AS l
  LEFT JOIN insured_place AS i ON i.person_id = l.person_id
),
counted AS (
  SELECT pooling_area, population, COUNT(*) AS listed, COUNT(insured_id) AS insured
  FROM person_listed
  GROUP BY pooling_area, population
),
named AS (
  SELECT '*' AS category, 'rural_low_income' AS population
  UNION ALL SELECT '*', 'out_of_poverty'
  UNION ALL SELECT code, 'rural_low_income' FROM category WHERE rural_low_income
  UNION ALL SELECT code, 'out_of_poverty' FROM category WHERE out_of_poverty
),
target AS (
  SELECT a.pooling_area, n.population, MAX(r.ratio) AS target
  FROM rule_in_force AS r
  CROSS JOIN period AS p
  JOIN named AS n ON n.category = r.category
  JOIN pooling_area AS a ON a.county = r.region AND a.valid_from <= p.last_day AND a.valid_until > p.last_day
  WHERE r.benefit = 'participation' AND r.determined AND r.valid_from <= p.last_day AND r.valid_until > p.last_day
  GROUP BY a.pooling_area, n.population
)
SELECT
  p.month, c.pooling_area, c.population, c.listed, c.insured, share_bp(c.insured, c.listed) AS rate, t.target,
  share_bp(c.insured, c.listed) >= t.target AS met
FROM counted AS c
CROSS JOIN period AS p
LEFT JOIN target AS t ON t.pooling_area = c.pooling_area AND t.population = c.population
