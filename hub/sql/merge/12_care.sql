-- 就医类别 The kinds of care that occur, numbered.
WITH kind AS (SELECT DISTINCT setting, insutype FROM cost)
SELECT
  CAST(ROW_NUMBER() OVER (ORDER BY setting NULLS LAST, insutype NULLS LAST) AS INTEGER) AS care_id, setting, insutype
FROM kind
