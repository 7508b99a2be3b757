-- 待算费用 The year's settlements of persons whom some rule may reach, numbered in the order in which they count: nth is
-- by discharge, settlement, id (pins.md 3). `day` is the day whose category counts, the day before the year for any
-- earlier one; `whole`: the bill less other aid; `unpaid`: what insurance left of the cost in scope (NULL: to be
-- computed). `close`: the settlement needs a closer look (insurance to be computed, other
-- aid, a ceiling that caps).
SELECT
  c.person_id, s.situation_id, k.care_id,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY c.person_id ORDER BY c.discharged NULLS LAST, c.settled NULLS LAST, c.setl_id NULLS LAST
  ) AS INTEGER) AS nth,
  c.setl_id, CASE WHEN c.early THEN p.year_start - 1 ELSE c.begun_here END AS day, c.discharged,
  c.scope, c.total - c.other_aid AS whole, c.remaining AS unpaid,
  c.remaining IS NULL OR c.other_aid > 0 OR g.setl_id IS NOT NULL AS close
FROM cost AS c
CROSS JOIN period AS p
JOIN person_situation AS s ON s.person_id = c.person_id
JOIN care AS k
  ON k.setting = c.setting AND k.insutype = c.insutype
 AND k.hospital_level IS NOT DISTINCT FROM c.hospital_level AND k.referral IS NOT DISTINCT FROM c.referral
 AND k.in_region IS NOT DISTINCT FROM c.in_region AND k.designated IS NOT DISTINCT FROM c.designated
 AND k.applied IS NOT DISTINCT FROM c.applied
 AND k.age IS NOT DISTINCT FROM c.age AND k.age_out IS NOT DISTINCT FROM c.age_out
LEFT JOIN ceiling_share AS g ON g.setl_id = c.setl_id
