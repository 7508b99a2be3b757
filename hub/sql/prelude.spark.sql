-- 前置函数 The two places where engines differ in arithmetic: integer division. Spark's DIV truncates toward zero.
-- half_up(amount, bp): amount x bp / 10000, rounded half away from zero, in whole fen; NULL in, NULL out.
-- share_bp(part, whole): part / whole in basis points, rounded down; NULL where whole is 0.
CREATE OR REPLACE TEMPORARY FUNCTION half_up(amount BIGINT, bp BIGINT) RETURNS BIGINT RETURN
  CASE WHEN amount * bp >= 0
       THEN (amount * bp + 5000) DIV 10000
       ELSE -((5000 - amount * bp) DIV 10000) END;
CREATE OR REPLACE TEMPORARY FUNCTION share_bp(part BIGINT, whole BIGINT) RETURNS INTEGER RETURN
  CASE WHEN whole > 0 THEN CAST((part * 10000) DIV whole AS INTEGER) END;
