-- 无疑点 Nothing earlier is in doubt.
SELECT CAST(NULL AS BIGINT) AS person_id, CAST(NULL AS DATE) AS seg_from, TRUE AS determined, '' AS doubt WHERE FALSE
