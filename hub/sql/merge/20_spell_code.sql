-- 身份编码 A spell as a number: its category, its region and its days within the benefit year. Equal numbers are equal
-- before any rule. Where a rule looks back, the months before a spell's first day are a further row, for that rule.
-- Spells of categories that no rule names, and of other years, have none.
-- A stay that began before the year takes the categories held on its first day (pins.md 3): the day before the year
-- stands for that day, and the spells that held on it have a second number, of that one day.
WITH named AS (
  SELECT category, ROW_NUMBER() OVER (ORDER BY category NULLS LAST) AS category_no
  FROM (SELECT DISTINCT category FROM rule) AS c
),
placed AS (
  SELECT region, ROW_NUMBER() OVER (ORDER BY region NULLS LAST) AS region_no
  FROM (SELECT DISTINCT region FROM category_spell) AS r
),
back AS (SELECT DISTINCT category, look_back FROM rule WHERE look_back > 0),
held AS (
  SELECT
    s.person_id, s.category, s.region, s.source, s.household_key, s.valid_from AS held_from, s.batch_id, s.line,
    s.record_digest, GREATEST(s.valid_from, p.year_start) AS valid_from,
    LEAST(s.valid_until, p.year_end) AS valid_until,
    CASE WHEN s.valid_from <= p.year_start THEN 1 ELSE DAYOFYEAR(s.valid_from) END AS first_day,
    CASE WHEN s.valid_until >= p.year_end THEN 0 ELSE DAYOFYEAR(s.valid_until) END AS end_day, 0 AS look_back
  FROM spell AS s
  CROSS JOIN period AS p
  WHERE s.valid_from < p.year_end AND s.valid_until > p.year_start
  UNION ALL
  SELECT
    s.person_id, s.category, s.region, s.source, s.household_key, s.valid_from, s.batch_id, s.line,
    s.record_digest, p.year_start - 1, p.year_start, 0, 1, 0
  FROM early_stay AS e
  CROSS JOIN period AS p
  JOIN spell AS s ON s.person_id = e.person_id AND s.valid_from <= e.begun AND s.valid_until > e.begun
  UNION ALL
  SELECT
    s.person_id, s.category, s.region, s.source, s.household_key, s.valid_from, s.batch_id, s.line, s.record_digest,
    GREATEST(months_before(s.valid_from, b.look_back), p.year_start), LEAST(s.valid_from, p.year_end),
    CASE WHEN months_before(s.valid_from, b.look_back) <= p.year_start THEN 1
      ELSE DAYOFYEAR(months_before(s.valid_from, b.look_back)) END,
    CASE WHEN s.valid_from >= p.year_end THEN 0 ELSE DAYOFYEAR(s.valid_from) END, b.look_back
  FROM spell AS s
  CROSS JOIN period AS p
  JOIN back AS b ON b.category = s.category
  WHERE s.valid_from > p.year_start AND months_before(s.valid_from, b.look_back) < p.year_end
  UNION ALL
  SELECT
    s.person_id, s.category, s.region, s.source, s.household_key, s.valid_from, s.batch_id, s.line, s.record_digest,
    p.year_start - 1, p.year_start, 0, 1, b.look_back
  FROM early_stay AS e
  CROSS JOIN period AS p
  JOIN spell AS s ON s.person_id = e.person_id AND s.valid_from > e.begun
  JOIN back AS b ON b.category = s.category AND months_before(s.valid_from, b.look_back) <= e.begun
)
SELECT
  h.person_id, h.category, h.region, h.source, h.household_key, h.held_from, h.batch_id, h.line, h.record_digest,
  h.valid_from, h.valid_until,
  h.look_back,
  (((n.category_no * 64 + h.look_back) * 1000000 + r.region_no) * 512 + h.first_day) * 512 + h.end_day AS code
FROM held AS h
JOIN named AS n ON n.category = h.category
JOIN placed AS r ON r.region = h.region
