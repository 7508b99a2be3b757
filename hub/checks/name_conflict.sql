-- title: 同号异名
-- title_en: one ID number, another name
-- severity: medium
-- addressee: medical_insurance
-- deadline_days: 30
-- citation: 待人工核对（不自动合并）
-- A source (it is asked) now carries a row whose ID number belongs to a person under another name. The row counts for
-- no one until a steward decides or the source corrects it. Of complete lists only the newest is looked at.
WITH newest AS (
  SELECT source, stream, MAX(place) AS place FROM batch_order WHERE complete GROUP BY source, stream
),
held AS (
  SELECT
    l.person_id, l.source, l.batch_id, l.line, s.record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY l.person_id
      ORDER BY l.source NULLS LAST, l.stream NULLS LAST, l.place DESC NULLS LAST, s.record_digest NULLS LAST,
               l.line NULLS LAST) AS nth
  FROM linked AS l
  JOIN batch_order AS o ON o.batch_id = l.batch_id
  LEFT JOIN newest AS w ON w.source = l.origin AND w.stream = l.origin_stream
  JOIN sighting AS s ON s.batch_id = l.batch_id AND s.line = l.line
  WHERE l.held AND (NOT o.complete OR l.place = w.place)
)
SELECT
  h.person_id, h.source AS addressee, n.county, h.batch_id, h.line, h.record_digest
FROM held AS h
JOIN person AS n ON n.person_id = h.person_id
WHERE h.nth = 1
