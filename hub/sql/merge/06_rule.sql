-- 规则编号 The rules of the three benefits, numbered, so that a number and not the text travels with each person.
-- The order of numbers within a region, benefit, category and day is that of the rules' keys. `shown` is the same for
-- rows that an entitlement shows alike: a rule whose rank or predecessor changes on a day has a row before and after.
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY region NULLS LAST, benefit NULLS LAST, category NULLS LAST, valid_from NULLS LAST, rule_key NULLS LAST
  ) AS INTEGER) AS rule_id,
  CAST(DENSE_RANK() OVER (
    ORDER BY region NULLS LAST, benefit NULLS LAST, category NULLS LAST, rule_key NULLS LAST, mode NULLS LAST,
             document NULLS LAST, article NULLS LAST, determined NULLS LAST, undetermined_reason NULLS LAST
  ) AS INTEGER) AS shown,
  region, benefit, category, valid_from, valid_until, rule_key, document, article, rank, mode, determined,
  undetermined_reason, whose_region, amount, line AS threshold, ratio, cap, settings, base, period, insutypes
FROM rule_in_force
WHERE benefit IN ('premium_subsidy', 'medical_assistance', 'tilt')
