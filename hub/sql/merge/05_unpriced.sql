-- 缺参数的规则 Determined rules that lack a number they are computed from: must be empty.
SELECT DISTINCT rule_key, benefit
FROM rule_in_force
WHERE determined
  AND CASE benefit
    WHEN 'premium_subsidy' THEN amount IS NULL
    WHEN 'basic_insurance' THEN line IS NULL OR ratio IS NULL AND pay IS NULL AND pay_per_day IS NULL OR period IS NULL
    WHEN 'serious_illness' THEN line IS NULL OR ratio IS NULL AND pay IS NULL AND pay_per_day IS NULL OR period IS NULL
    WHEN 'medical_assistance' THEN line IS NULL OR ratio IS NULL AND pay IS NULL AND pay_per_day IS NULL
      OR base IS NULL OR period IS NULL
    WHEN 'tilt' THEN line IS NULL OR ratio IS NULL AND pay IS NULL AND pay_per_day IS NULL
      OR base IS NULL OR period IS NULL
    WHEN 'warning' THEN line IS NULL OR base IS NULL OR period IS NULL OR addressee IS NULL
    WHEN 'ceiling' THEN ratio IS NULL
    WHEN 'participation' THEN ratio IS NULL
    ELSE FALSE
  END
