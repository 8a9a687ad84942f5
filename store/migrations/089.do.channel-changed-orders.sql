-- Orders that a channel's webhook has named as changed and that are to be read there: a row an order, however often it
-- is named. The row goes once the order as it is by then is here (docs/adr/0077).
create table channel_changed_order (
  channel_id  text not null references channel_account on delete cascade,
  external_id text not null check (length(external_id) between 1 and 200),
  -- Counts how often it was named: what is named once more while it is read is read once more.
  named       integer not null default 1,
  named_at    timestamptz not null default now(),
  attempts    integer not null default 0,
  due_at      timestamptz not null default now(),
  code        text,
  problem     text,
  primary key (channel_id, external_id)
);
create index channel_changed_order_due on channel_changed_order (channel_id, due_at);
