-- 记录归人 Whose each landed row is, and the last list it stands in (`place`, `gone_from`); `held`: its name is in
-- question, so that it counts for no one until decided. `source` and `stream` say what kind of list it stands in;
-- `origin` and `origin_stream` who sent that list, which is another where a department's list feeds a known kind.
SELECT
  s.source, s.stream, o.source AS origin, o.stream AS origin_stream, s.batch_id, s.line, a.person_id,
  h.mac IS NOT NULL AS held,
  COALESCE(l.place, b.place, o.place) AS place, COALESCE(l.gone_from, b.gone_from, o.gone_from) AS gone_from
FROM sighting AS s
JOIN alias AS a ON a.mac = s.mac
JOIN batch_order AS o ON o.batch_id = s.batch_id
LEFT JOIN last_standing AS b ON b.batch_id = s.batch_id AND b.line IS NULL
LEFT JOIN last_standing AS l ON l.batch_id = s.batch_id AND l.line = s.line
LEFT JOIN held_name AS h ON h.mac = s.mac AND h.name_mac = s.name_mac
