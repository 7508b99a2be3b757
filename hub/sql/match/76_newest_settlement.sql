-- 最新结算 Each settlement in its newest version: where its row is, and what tells whether it is taken back.
-- `takes_back` is the settlement that a refund names.
WITH appeared AS (
  SELECT
    s.batch_id, s.line, s.setl_id, l.person_id, s.mdtrt_id AS visit_id, s.medfee_sumamt AS total,
    s.setl_time AS settled, s.init_setl_id AS takes_back,
    ROW_NUMBER() OVER (
      PARTITION BY s.setl_id
      ORDER BY l.place DESC NULLS LAST, s.record_digest DESC NULLS LAST, s.line NULLS LAST) AS age
  FROM medical_insurance_settlements AS s
  JOIN linked AS l ON l.batch_id = s.batch_id AND l.line = s.line
  WHERE NOT l.held
)
SELECT batch_id, line, setl_id, person_id, visit_id, total, settled, takes_back
FROM appeared
WHERE age = 1
