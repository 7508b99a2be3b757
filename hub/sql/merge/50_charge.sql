-- 待算费用 The year's settlements of persons whom some rule may reach, numbered in the order in which they count: nth is
-- by discharge, settlement, id (pins.md 3). `day` is the day whose category counts within the year; `close`: the
-- settlement needs a closer look (insurance to be computed, other aid, a stay from before the year). The visit is kept
-- only where some rule counts by stay.
WITH stays AS (SELECT COUNT(*) AS rules FROM rule WHERE by_stay)
SELECT
  c.person_id, p.situation_id, k.care_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY c.person_id ORDER BY c.discharged NULLS LAST, c.settled NULLS LAST, c.setl_id NULLS LAST
  ) AS INTEGER) AS nth,
  c.setl_id, CASE WHEN s.rules > 0 THEN c.visit_id END AS visit_id, c.begun_here AS day, c.discharged, c.early,
  c.total, c.scope,
  c.basic_paid, c.serious_illness_paid, c.other_aid, c.remaining AS unpaid,
  c.total - c.other_aid - c.scope + c.remaining AS room,
  c.remaining IS NULL OR c.other_aid > 0 OR c.early AS close
FROM cost AS c
CROSS JOIN stays AS s
JOIN person_situation AS p ON p.person_id = c.person_id
JOIN care AS k
  ON k.setting = c.setting AND k.insutype = c.insutype
 AND k.hospital_level IS NOT DISTINCT FROM c.hospital_level AND k.referral IS NOT DISTINCT FROM c.referral
 AND k.in_region IS NOT DISTINCT FROM c.in_region AND k.designated IS NOT DISTINCT FROM c.designated
 AND k.applied IS NOT DISTINCT FROM c.applied
