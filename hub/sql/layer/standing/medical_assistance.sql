-- 医疗救助之前 Every settlement, with what insurance left of it.
SELECT person_id, situation_id, nth, care_id, day, unpaid, room, close FROM charge
