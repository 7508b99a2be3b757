-- 仍在名单 Runs of a stream's lists in which a person's row stands but could not be read (it waits in quarantine).
-- Who is on the list under a wrong code or date has not left it: such a run prolongs what the list before it said.
WITH waiting AS (
  SELECT DISTINCT a.person_id, o.source, o.stream, o.place
  FROM quarantined AS q
  JOIN alias AS a ON a.mac = q.mac
  JOIN batch_order AS o ON o.batch_id = q.batch_id
),
run AS (
  SELECT
    *,
    place - CAST(ROW_NUMBER() OVER (
      PARTITION BY person_id, source, stream ORDER BY place NULLS LAST) AS INTEGER) AS island
  FROM waiting
),
ends AS (
  SELECT person_id, source, stream, MIN(place) AS first_place, MAX(place) AS last_place
  FROM run
  GROUP BY person_id, source, stream, island
)
SELECT e.person_id, e.source, e.stream, e.first_place, e.last_place, o.gone_from
FROM ends AS e
JOIN batch_order AS o ON o.source = e.source AND o.stream = e.stream AND o.place = e.last_place
