-- 所得待遇 What each person receives under the rules last merged, in parts: the premium subsidy of the insured year (one
-- amount, the highest that is determined), and what each settlement is paid. Who is entitled without a settlement that
-- is paid receives 0 so far: the part with setl_id '' says that the benefit reaches the person. NULL is undetermined.
-- The county is that of the rule that wins, which pays; else where the person is insured, else the residence.
WITH latest AS (
  SELECT
    person_id, benefit, category, region,
    ROW_NUMBER() OVER (PARTITION BY person_id, benefit ORDER BY valid_from DESC NULLS LAST) AS nth,
    ROW_NUMBER() OVER (PARTITION BY person_id, benefit, category ORDER BY valid_from DESC NULLS LAST) AS nth_there
  FROM entitlement
),
subsidy AS (
  SELECT
    person_id, benefit, category, region, CASE WHEN determined THEN annual_amount END AS amount,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, benefit
      ORDER BY CASE WHEN determined THEN annual_amount END DESC NULLS LAST, valid_from DESC NULLS LAST) AS nth
  FROM entitlement
  WHERE benefit = 'premium_subsidy'
),
paid AS (
  SELECT
    person_id, benefit, setl_id, MIN(category) AS category,
    CASE WHEN BOOL_AND(amount IS NOT NULL) THEN CAST(SUM(amount) AS BIGINT) END AS amount
  FROM payment
  GROUP BY person_id, benefit, setl_id
),
part AS (
  SELECT person_id, benefit, '' AS setl_id, 0 AS nth, amount, category, region FROM subsidy WHERE nth = 1
  UNION ALL
  SELECT person_id, benefit, '', 0, CAST(0 AS BIGINT), category, region
  FROM latest
  WHERE nth = 1 AND benefit <> 'premium_subsidy'
  UNION ALL
  SELECT d.person_id, d.benefit, d.setl_id, c.nth, d.amount, d.category, l.region
  FROM paid AS d
  JOIN cost AS c ON c.setl_id = d.setl_id
  LEFT JOIN latest AS l
    ON l.person_id = d.person_id AND l.benefit = d.benefit AND l.category = d.category AND l.nth_there = 1
)
SELECT
  p.person_id, p.benefit, p.setl_id, p.nth, p.amount, p.category,
  COALESCE(p.region, i.region, n.county, '') AS county
FROM part AS p
LEFT JOIN insured_place AS i ON i.person_id = p.person_id
LEFT JOIN person AS n ON n.person_id = p.person_id
