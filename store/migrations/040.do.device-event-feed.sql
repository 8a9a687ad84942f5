-- What happens to devices is a feed, like the timelines of orders: in the order of commits, so that nobody who
-- reads on from a place misses what committed late.
alter table device_event add column tx xid8 not null default pg_current_xact_id();
create index device_event_feed on device_event (tx, id);
