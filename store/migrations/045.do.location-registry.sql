-- Locations are made and changed while the system runs.

alter table location
  -- IANA name; null: local time by longitude.
  add column time_zone text,
  -- On which weekdays it works: [{day, opens, closes, cutOff}], day mon … sun, times HH:MM; null: Monday to Friday.
  add column hours jsonb,
  -- Holidays and other days on which it does not work.
  add column closed_on date[] not null default '{}',
  -- Parcels that it sends in a day; null: no limit. What is left of it today is its open capacity.
  add column daily_capacity integer check (daily_capacity >= 0);

-- What was entered as today's rest counts as the whole day's from now on: nobody counted it down.
update location set daily_capacity = open_capacity where open_capacity is not null;
alter table location drop column open_capacity;

create trigger location_set after insert or update or delete on location
  for each statement execute function tell_settings();

-- How many parcels a place has taken on since its day began.
create index fulfillment_order_taken on fulfillment_order (location_id, created_at);
