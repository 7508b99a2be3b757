-- 月末身份 Who holds which category on the month's last day, with what the checks ask of person and category.
SELECT
  s.*, n.county, n.death IS NULL OR n.death > p.last_day AS living,
  c.level, c.rural_low_income, c.out_of_poverty
FROM category_spell AS s
CROSS JOIN period AS p
JOIN person AS n ON n.person_id = s.person_id
JOIN category AS c ON c.code = s.category
WHERE s.valid_from <= p.last_day AND s.valid_until > p.last_day
