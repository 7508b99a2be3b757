-- 规则适用的费用 Which care each choice of settings and insurances speaks of; '' speaks of all.
WITH choice AS (SELECT DISTINCT settings, insutypes FROM rule_in_force),
kind AS (SELECT DISTINCT setting, insutype FROM care)
SELECT c.settings, c.insutypes, k.setting, k.insutype
FROM choice AS c
CROSS JOIN kind AS k
WHERE (c.settings = '' OR ',' || c.settings || ',' LIKE '%,' || k.setting || ',%')
  AND (c.insutypes = '' OR ',' || c.insutypes || ',' LIKE '%,' || k.insutype || ',%')
