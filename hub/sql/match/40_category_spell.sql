-- 身份时段 Who holds which category, where, from when until when, as the certifying department says.
-- Civil affairs: a grant that covers the person. Monitoring system: the monitored type from `identified` until the risk
-- is removed (where the category ends with its risk); 返贫致贫 likewise; 稳定脱贫 for a household out of poverty without
-- a current monitored type and not back in poverty, from 1 January after the year or from the removal. A household
-- category reaches exactly the persons its certifier lists (pins.md 6). `rural` where the source tells it. Open is
-- 9999-12-31; empty spells are none.
WITH typed AS (
  SELECT
    m.*,
    CASE WHEN c.ends_on_risk_removed THEN m.removed END AS ended,
    m.monitored <> 'none' AND NOT (c.ends_on_risk_removed AND m.removed IS NOT NULL) AS current_type
  FROM monitored AS m
  LEFT JOIN category AS c ON c.code = m.monitored
),
held AS (
  SELECT
    person_id, category, valid_from, valid_until, division, urban_rural = 'rural' AS rural, certified, household_key,
    origin AS source, origin_stream AS stream, place, batch_id, line, record_digest
  FROM recipient
  WHERE covered
  UNION ALL
  SELECT
    person_id, monitored, identified, LEAST(ended, gone_from), division, TRUE, certified, household_key,
    origin, origin_stream, place, batch_id, line, record_digest
  FROM typed
  WHERE monitored <> 'none'
  UNION ALL
  SELECT
    m.person_id, c.code, m.identified,
    LEAST(CASE WHEN c.ends_on_risk_removed THEN m.removed END, m.gone_from),
    m.division, TRUE, m.certified, m.household_key, m.origin, m.origin_stream, m.place, m.batch_id, m.line,
    m.record_digest
  FROM monitored AS m
  JOIN category AS c ON c.code = 'fanpin_zhipin'
  WHERE m.back_in_poverty
  UNION ALL
  SELECT
    person_id, 'stable_out', CASE WHEN monitored = 'none' THEN stable_from ELSE removed END, gone_from,
    division, TRUE, certified, household_key, origin, origin_stream, place, batch_id, line, record_digest
  FROM typed
  WHERE household_type = 'out_of_poverty' AND NOT current_type AND NOT back_in_poverty
),
spell AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, category, source, household_key, valid_from
      ORDER BY valid_until DESC NULLS LAST, place DESC NULLS LAST, record_digest DESC NULLS LAST, line NULLS LAST
    ) AS version
  FROM held
  WHERE valid_until > valid_from
)
SELECT
  s.person_id, s.category, s.valid_from, s.valid_until, SUBSTRING(s.division, 1, 6) AS region, s.rural,
  s.certified, c.certifier, s.household_key, s.source, s.stream, s.batch_id, s.line, s.record_digest
FROM spell AS s
LEFT JOIN category AS c ON c.code = s.category
WHERE s.version = 1
