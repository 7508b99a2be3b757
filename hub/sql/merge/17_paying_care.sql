-- 规则与就医类别 Which kinds of care each paying rule speaks of.
SELECT r.rule_id, c.care_id
FROM rule AS r
JOIN rule_care AS a ON a.settings = r.settings AND a.insutypes = r.insutypes
JOIN care AS c ON c.setting = a.setting AND c.insutype = a.insutype
WHERE r.benefit <> 'premium_subsidy'
