-- 高额费用预警 Who is above a warning line: one open case per household, addressee and line (pins.md 6).
-- The case is the household's through which the person holds the category, else the person's own. Of several members
-- above the line the case shows the one who bears most. States as for findings, whoever of the household bears most.
WITH borne AS (
  SELECT
    s.*,
    CASE s.base
      WHEN 'scope' THEN CASE s.period WHEN 'stay' THEN b.stay_scope ELSE b.year_scope END
      WHEN 'after_basic_and_serious_illness' THEN CASE s.period WHEN 'stay' THEN b.stay_remaining
        ELSE b.year_remaining END
      WHEN 'after_all_three' THEN CASE s.period WHEN 'stay' THEN b.stay_self ELSE b.year_self END
      WHEN 'total' THEN CASE s.period WHEN 'stay' THEN b.stay_total ELSE b.year_total END
      WHEN 'total_after_basic_and_serious_illness' THEN CASE s.period WHEN 'stay' THEN b.stay_total_remaining
        ELSE b.year_total_remaining END
      WHEN 'total_after_all_three' THEN CASE s.period WHEN 'stay' THEN b.stay_total_self ELSE b.year_total_self END
    END AS burden,
    CASE WHEN s.household_key = '' THEN 'person:' || CAST(s.person_id AS STRING) ELSE s.household_key END AS case_key
  FROM screened AS s
  JOIN burden AS b ON b.person_id = s.person_id AND b.settings = s.settings AND b.insutypes = s.insutypes
),
above AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY case_key, addressee, rule_key ORDER BY burden DESC NULLS LAST, person_id NULLS LAST) AS nth
  FROM borne
  WHERE burden > threshold
),
warned AS (SELECT * FROM above WHERE nth = 1),
seen AS (
  SELECT
    e.*,
    ROW_NUMBER() OVER (
      PARTITION BY e.case_key, e.addressee, e.rule_key ORDER BY e.month DESC NULLS LAST, e.person_id NULLS LAST) AS age
  FROM earlier_warning AS e
  CROSS JOIN period AS p
  WHERE e.month < p.month
),
before AS (SELECT * FROM seen WHERE age = 1)
SELECT
  p.month, w.case_key, w.person_id, w.household_key, n.county, w.category, w.addressee, w.burden, w.threshold,
  w.rule_key, w.document, w.article,
  CASE WHEN b.state IS NULL THEN 'new' WHEN b.state = 'cleared' THEN 'reopened' ELSE 'persisting' END AS state,
  COALESCE(b.first_month, p.month) AS first_month
FROM warned AS w
CROSS JOIN period AS p
JOIN person AS n ON n.person_id = w.person_id
LEFT JOIN before AS b ON b.case_key = w.case_key AND b.addressee = w.addressee AND b.rule_key = w.rule_key
UNION ALL
SELECT
  p.month, b.case_key, b.person_id, b.household_key, b.county, b.category, b.addressee, b.burden, b.threshold,
  b.rule_key, b.document, b.article, 'cleared', b.first_month
FROM before AS b
CROSS JOIN period AS p
JOIN person AS n ON n.person_id = b.person_id
LEFT JOIN warned AS w ON w.case_key = b.case_key AND w.addressee = b.addressee AND w.rule_key = b.rule_key
WHERE w.case_key IS NULL AND b.state <> 'cleared'
