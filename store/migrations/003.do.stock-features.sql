-- Units on their way, units that ring-fenced pools keep, and what else a movement is about.
alter table stock_movement add column incoming integer not null default 0;
alter table stock_movement add column fenced integer not null default 0;
alter table stock_movement add column pool text;
-- The lots of the units, one or more, with commas between them.
alter table stock_movement add column lot text;
-- The delivery, transfer, count or lane reservation that the movement is about.
alter table stock_movement add column reference text;

alter table stock_position add column incoming integer not null default 0;
alter table stock_position add column fenced integer not null default 0;
