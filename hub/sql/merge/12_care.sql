-- 就医类别 The kinds of care that occur, with all that a rule may ask of a settlement, numbered.
WITH kind AS (
  SELECT DISTINCT setting, insutype, hospital_level, referral, in_region, designated, applied, age, age_out
  FROM cost
)
SELECT
  CAST(ROW_NUMBER() OVER (
    ORDER BY setting NULLS LAST, insutype NULLS LAST, hospital_level NULLS LAST, referral NULLS LAST,
             in_region NULLS LAST, designated NULLS LAST, applied NULLS LAST, age NULLS LAST,
             age_out NULLS LAST) AS INTEGER) AS care_id,
  setting, insutype, hospital_level, referral, in_region, designated, applied, age, age_out
FROM kind
