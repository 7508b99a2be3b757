-- 同号异名 Names under an ID number that are not taken for the same person until a steward says so.
-- Of each number's names the anchor is the one carried by the most trusted source; then by most different records,
-- then the smallest. Every other name is held. A steward's last word goes before: `same` frees a name, `not_same`
-- holds it, the anchor's too (the next name is the anchor then). Rows without a name follow their number.
WITH several AS (
  SELECT mac FROM sighting GROUP BY mac HAVING MIN(name_mac) <> MAX(name_mac)
  UNION
  SELECT mac FROM decision WHERE judgement = 'not_same'
),
carried AS (
  SELECT s.mac, s.name_mac, MIN(COALESCE(t.trust, 9)) AS trust, COUNT(DISTINCT s.record_digest) AS records
  FROM sighting AS s
  JOIN several AS v ON v.mac = s.mac
  LEFT JOIN (VALUES ('medical_insurance', 1), ('civil_affairs', 2), ('rural_revitalization', 3)) AS t (source, trust)
    ON t.source = s.source
  WHERE s.name_mac IS NOT NULL
  GROUP BY s.mac, s.name_mac
),
name AS (
  SELECT
    c.mac, c.name_mac, d.judgement,
    ROW_NUMBER() OVER (
      PARTITION BY c.mac
      ORDER BY CASE WHEN d.judgement = 'not_same' THEN 1 ELSE 0 END NULLS LAST,
               c.trust NULLS LAST, c.records DESC NULLS LAST, c.name_mac NULLS LAST) AS place
  FROM carried AS c
  LEFT JOIN decision AS d ON d.mac = c.mac AND d.name_mac = c.name_mac
)
SELECT DISTINCT mac, name_mac
FROM name
WHERE COALESCE(judgement, 'undecided') = 'not_same'
   OR (COALESCE(judgement, 'undecided') <> 'same' AND place > 1)
