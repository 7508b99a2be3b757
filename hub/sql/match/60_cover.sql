-- 基本医保覆盖 The days on which a person has basic medical insurance, wherever and as resident or employee (pins.md 11).
-- Supplements, serious-illness cover, care and maternity insurance (320, 330, 370, 392, 399, 410, 510) are no cover of
-- their own. An insurance that is not normal covers up to its pause, and not at all where no pause is given.
SELECT person_id, insutype, valid_from, valid_until, region, pooling_area
FROM enrolment
WHERE insutype IN ('310', '340', '350', '360', '380', '390', '391')
  AND valid_until > valid_from
  AND (status = 'normal' OR valid_until < DATE '9999-12-31')
