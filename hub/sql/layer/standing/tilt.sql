-- 倾斜救助之前 Every settlement, with what medical assistance left of it.
SELECT person_id, situation_id, nth, care_id, day, unpaid, room, close FROM quick_medical_assistance
UNION ALL
SELECT person_id, situation_id, nth, care_id, day, unpaid, room, close FROM left_close_medical_assistance
