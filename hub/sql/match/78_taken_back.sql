-- 退费对冲 The settlements that a refund takes back. A refund (negative total) that names a settlement of the same person
-- takes that one back; without a name, it takes back one of the same visit with the opposite total, the earliest first.
-- What is taken back no longer counts from the month in which the refund was settled.
WITH refund AS (
  SELECT r.setl_id, r.person_id, r.visit_id, r.total, r.takes_back
  FROM newest_settlement AS r
  CROSS JOIN period AS p
  WHERE r.total < 0 AND r.settled < p.month_end
),
named AS (
  SELECT DISTINCT o.setl_id
  FROM refund AS r
  JOIN newest_settlement AS o ON o.setl_id = r.takes_back AND o.person_id = r.person_id
),
unnamed AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY person_id, visit_id, total ORDER BY setl_id NULLS LAST) AS nth
  FROM refund
  WHERE takes_back IS NULL
),
open_row AS (
  SELECT
    s.setl_id, s.person_id, s.visit_id, s.total,
    ROW_NUMBER() OVER (
      PARTITION BY s.person_id, s.visit_id, s.total
      ORDER BY s.settled NULLS LAST, s.setl_id NULLS LAST) AS nth
  FROM newest_settlement AS s
  LEFT JOIN named AS n ON n.setl_id = s.setl_id
  WHERE n.setl_id IS NULL AND s.total > 0
)
SELECT setl_id FROM named
UNION
SELECT o.setl_id
FROM open_row AS o
JOIN unnamed AS r ON r.person_id = o.person_id AND r.visit_id = o.visit_id AND r.total = -o.total AND r.nth = o.nth
