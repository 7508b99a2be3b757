-- 家庭 Each household of a source, with the residence of its newest row.
WITH listed AS (
  SELECT household_key, origin AS source, division, place, record_digest FROM recipient
  WHERE valid_until > valid_from
  UNION ALL
  SELECT household_key, origin, division, place, record_digest FROM monitored
  WHERE gone_from > member_from
),
newest AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY household_key
      ORDER BY place DESC NULLS LAST, LENGTH(division) DESC NULLS LAST, division NULLS LAST,
               record_digest DESC NULLS LAST) AS version
  FROM listed
)
SELECT
  household_key, source, SUBSTRING(division, 1, 9) AS residence, SUBSTRING(division, 1, 6) AS county
FROM newest
WHERE version = 1
