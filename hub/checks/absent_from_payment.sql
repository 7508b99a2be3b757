-- title: 发放名单中缺失
-- title_en: absent from the newest payment list
-- severity: low
-- addressee: civil_affairs
-- deadline_days: 30
-- citation: 发放名单不是认定名单（缺失不等于退出）
-- A living person stood on a payment stream's last complete list but one and not on the last (subject: the stream; its
-- source is asked). Absence from a payment ends no category (pins.md 7): somebody must say why. Two things do say why:
-- a row that waits in quarantine is on its list, and whose every category at the same source has ended has left.
WITH list AS (
  SELECT
    source, stream, place, department,
    ROW_NUMBER() OVER (PARTITION BY source, stream ORDER BY place DESC NULLS LAST) AS age
  FROM batch_order
  WHERE semantics = 'payment' AND complete
),
on_list AS (
  SELECT
    l.person_id, t.source, t.stream, t.department, t.age, l.batch_id, l.line, s.record_digest,
    ROW_NUMBER() OVER (
      PARTITION BY l.person_id, t.source, t.stream, t.age ORDER BY s.record_digest NULLS LAST, l.line NULLS LAST) AS nth
  FROM list AS t
  JOIN linked AS l ON l.origin = t.source AND l.origin_stream = t.stream AND l.place = t.place
  JOIN sighting AS s ON s.batch_id = l.batch_id AND s.line = l.line
  WHERE t.age <= 2
),
explained AS (
  SELECT w.person_id, t.source, t.stream
  FROM still_listed AS w
  JOIN list AS t ON t.source = w.source AND t.stream = w.stream AND t.age = 1
  WHERE t.place BETWEEN w.first_place AND w.last_place
  UNION
  SELECT s.person_id, t.source, t.stream
  FROM category_spell AS s
  CROSS JOIN period AS p
  JOIN list AS t ON t.source = s.source AND t.age = 1
  GROUP BY s.person_id, t.source, t.stream
  HAVING MAX(CASE WHEN s.valid_from <= p.last_day THEN s.valid_until END) <= MAX(p.last_day)
)
SELECT
  b.person_id, b.source || '_' || b.stream AS subject, COALESCE(b.department, b.source) AS addressee, n.county,
  b.batch_id, b.line, b.record_digest
FROM on_list AS b
CROSS JOIN period AS p
JOIN list AS t ON t.source = b.source AND t.stream = b.stream AND t.age = 1
JOIN person AS n ON n.person_id = b.person_id
LEFT JOIN on_list AS a
  ON a.person_id = b.person_id AND a.source = b.source AND a.stream = b.stream AND a.age = 1 AND a.nth = 1
LEFT JOIN explained AS e ON e.person_id = b.person_id AND e.source = b.source AND e.stream = b.stream
WHERE b.age = 2 AND b.nth = 1 AND a.person_id IS NULL AND e.person_id IS NULL
  AND (n.death IS NULL OR n.death > p.last_day)
