-- A position's place in the order of creation within its shard: lanes' journal records name positions by it.
alter table stock_position add column ordinal integer;
create unique index stock_position_ordinal on stock_position (shard, ordinal);
-- How many positions of the shard have one.
alter table journal_projection add column positions integer not null default 0;
