-- 同证异名复核 Names that wait for a steward's word, or had one: the pair, both masked names, who sends it, how often.
-- Not a stage of a month: `aidgraph review list` runs it over the inputs of the last computed month.
WITH pair AS (
  SELECT mac, name_mac FROM held_name
  UNION
  SELECT mac, name_mac FROM decision
),
sent AS (
  SELECT
    mac, name_mac, MIN(name_masked) AS name_masked, MIN(source) AS source,
    COUNT(DISTINCT record_digest) AS records
  FROM sighting
  WHERE name_mac IS NOT NULL
  GROUP BY mac, name_mac
),
known AS (
  SELECT s.mac, MIN(s.name_masked) AS name_masked
  FROM sent AS s
  LEFT JOIN pair AS p ON p.mac = s.mac AND p.name_mac = s.name_mac
  WHERE p.mac IS NULL
  GROUP BY s.mac
)
SELECT p.mac, p.name_mac, s.name_masked, k.name_masked AS anchor_masked, s.source, s.records, d.judgement
FROM pair AS p
JOIN sent AS s ON s.mac = p.mac AND s.name_mac = p.name_mac
LEFT JOIN known AS k ON k.mac = p.mac
LEFT JOIN decision AS d ON d.mac = p.mac AND d.name_mac = p.name_mac
ORDER BY p.mac NULLS LAST, p.name_mac NULLS LAST
