-- Journal and snapshot bytes are kept as they are. Compressing them would cost the committer, which everybody waits for,
-- more time than it saves on the disk.
alter table journal alter column entries set storage external;

-- A snapshot's state in parts: a field of PostgreSQL ends at 1 GB, and memory is better spent in smaller pieces.
alter table snapshot drop column state;
alter table snapshot add column size bigint not null default 0;
alter table snapshot alter column size drop default;

create table snapshot_part (
  shard    integer not null,
  sequence bigint not null,
  part     integer not null,
  bytes    bytea not null,
  primary key (shard, sequence, part),
  foreign key (shard, sequence) references snapshot on delete cascade
);
alter table snapshot_part alter column bytes set storage external;

-- The journal row that last changed a position: the change feed of stock is read in this order.
alter table stock_position add column shard integer not null default 0;
alter table stock_position add column sequence bigint not null default 0;
create index stock_position_feed on stock_position (shard, sequence);
