-- 跨待遇的限额组 The groups of rules that share a cap over several benefits.
SELECT document, cap_group
FROM rule
WHERE cap_group <> '' AND group_cap IS NOT NULL
GROUP BY document, cap_group
HAVING MIN(benefit) < MAX(benefit)
