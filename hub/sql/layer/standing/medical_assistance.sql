-- 医疗救助之前 Every settlement, with what insurance left of it, and of the whole bill (`room`).
SELECT person_id, situation_id, nth, care_id, day, unpaid, whole - scope + unpaid AS room, close FROM charge
