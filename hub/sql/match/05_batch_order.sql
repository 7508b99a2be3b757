-- 批次先后 The batches of each stream in order, and the day from which a row last seen in one of them is gone.
-- Absence from a later complete snapshot of a certification stream ends what the row says, on that snapshot's day;
-- in a register, a payment list or a list of events absence ends nothing (pins.md 7).
SELECT
  batch_id, source, stream, as_of, semantics, complete, department,
  CAST(ROW_NUMBER() OVER (
    PARTITION BY source, stream ORDER BY as_of NULLS LAST, batch_id NULLS LAST) AS INTEGER) AS place,
  CASE WHEN semantics = 'certification' THEN
    COALESCE(
      MIN(CASE WHEN complete THEN as_of END) OVER (
        PARTITION BY source, stream ORDER BY as_of NULLS LAST, batch_id NULLS LAST
        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING),
      DATE '9999-12-31')
  ELSE DATE '9999-12-31' END AS gone_from
FROM batch
