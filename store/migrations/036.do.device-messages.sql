-- A message of a device is a repeat only where it says the same: counters wrap and start anew, boot ids come
-- again, and devices are swapped under one name. So what was taken is known by its content, not by a high
-- mark.
drop table device_message;

create table device_message (
  device_id  text not null references device,
  boot_id    text not null,
  sequence   bigint not null,
  -- SHA-256 of what the message says, the first 16 bytes.
  digest     bytea not null,
  taken_at   timestamptz not null default now(),
  primary key (device_id, boot_id, sequence, digest)
);
create index device_message_taken_at on device_message (taken_at);

-- How often a tote has come to a scanner since it last left the conveyor.
create table conveyor_round (
  device_id      text not null references device,
  scan_point     text not null,
  handling_unit  text not null,
  rounds         integer not null,
  counted_at     timestamptz not null default now(),
  primary key (device_id, scan_point, handling_unit)
);
create index conveyor_round_handling_unit on conveyor_round (handling_unit);
create index conveyor_round_counted_at on conveyor_round (counted_at);
