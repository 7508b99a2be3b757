-- 换限额的支付 Where the cap changes within the account, what each settlement is paid under its own cap, less what was
-- already paid: the n-th settlement of all persons at once, then the next.
WITH RECURSIVE step AS (
  SELECT
    e.person_id, e.account, e.cap_span, e.nth, e.rule_id, e.earned, r.cap,
    ROW_NUMBER() OVER (
      PARTITION BY e.person_id, e.account, e.cap_span ORDER BY e.nth NULLS LAST, e.rule_id NULLS LAST) AS turn
  FROM earned AS e
  JOIN mixed AS m ON m.person_id = e.person_id AND m.account = e.account AND m.cap_span = e.cap_span
  JOIN rule AS r ON r.rule_id = e.rule_id
),
paid AS (
  SELECT
    person_id, account, cap_span, nth, rule_id, turn, LEAST(earned, cap) AS amount, LEAST(earned, cap) AS used
  FROM step
  WHERE turn = 1
  UNION ALL
  SELECT
    s.person_id, s.account, s.cap_span, s.nth, s.rule_id, s.turn,
    CASE WHEN s.cap IS NULL THEN s.earned ELSE LEAST(s.earned, GREATEST(s.cap - p.used, 0)) END,
    p.used
    + CASE WHEN s.cap IS NULL THEN s.earned ELSE LEAST(s.earned, GREATEST(s.cap - p.used, 0)) END
  FROM paid AS p
  JOIN step AS s
    ON s.person_id = p.person_id AND s.account = p.account AND s.cap_span = p.cap_span AND s.turn = p.turn + 1
)
SELECT person_id, nth, rule_id, amount, used FROM paid
