-- 规则适用的费用 Which care each choice of settings and insurances speaks of; '' speaks of all.
WITH choice AS (SELECT DISTINCT settings, insutypes FROM rule_in_force),
care AS (SELECT DISTINCT setting, insutype FROM cost)
SELECT c.settings, c.insutypes, a.setting, a.insutype
FROM choice AS c
CROSS JOIN care AS a
WHERE (c.settings = '' OR ',' || c.settings || ',' LIKE '%,' || a.setting || ',%')
  AND (c.insutypes = '' OR ',' || c.insutypes || ',' LIKE '%,' || a.insutype || ',%')
