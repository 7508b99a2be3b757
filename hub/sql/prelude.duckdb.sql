-- 前置函数 The two places where engines differ in arithmetic: integer division. DuckDB's `//` truncates toward zero.
-- half_up(amount, bp): amount x bp / 10000, rounded half away from zero, in whole fen; NULL in, NULL out.
-- share_bp(part, whole): part / whole in basis points, rounded down; NULL where whole is 0.
CREATE OR REPLACE MACRO half_up(amount, bp) AS
  CASE WHEN CAST(amount AS BIGINT) * CAST(bp AS BIGINT) >= 0
       THEN (CAST(amount AS BIGINT) * CAST(bp AS BIGINT) + 5000) // 10000
       ELSE -((5000 - CAST(amount AS BIGINT) * CAST(bp AS BIGINT)) // 10000) END;
CREATE OR REPLACE MACRO share_bp(part, whole) AS
  CASE WHEN whole > 0 THEN CAST((CAST(part AS BIGINT) * 10000) // CAST(whole AS BIGINT) AS INTEGER) END;
