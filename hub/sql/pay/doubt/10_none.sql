-- 无疑点 Nothing earlier is in doubt.
SELECT CAST(NULL AS BIGINT) AS person_id, CAST(NULL AS INTEGER) AS stretch_id, TRUE AS determined,
'' AS doubt WHERE FALSE
