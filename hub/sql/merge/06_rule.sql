-- 规则编号 The rules of the three benefits, numbered, so that a number and not the text travels with each person.
-- The order of numbers within a region, benefit, category and day is that of the rules' keys.
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY region NULLS LAST, benefit NULLS LAST, category NULLS LAST, valid_from NULLS LAST, rule_key NULLS LAST
  ) AS INTEGER) AS rule_id,
  region, benefit, category, valid_from, valid_until, rule_key, document, article, rank, mode, determined,
  undetermined_reason, whose_region, amount, line AS threshold, ratio, cap, settings, base, period, insutypes
FROM rule_in_force
WHERE benefit IN ('premium_subsidy', 'medical_assistance', 'tilt')
