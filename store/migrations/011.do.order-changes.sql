-- Changes of orders after capture.

-- How long after capture a shopper may change or cancel an order himself.
alter table channel add column shopper_changes_minutes integer not null default 30
  check (shopper_changes_minutes >= 0);

-- What a channel has said of an order that it has not sent yet: the order's capture begins with it.
create table channel_word (
  channel_id   text not null references channel,
  external_id  text not null,
  kind         text not null check (kind in ('cancelled')),
  reason       text not null,
  cause        text not null,
  said_at      timestamptz not null default now(),
  primary key (channel_id, external_id, kind)
);

-- When the newest version was made that the channel has sent, applied or not. Null: as the document says.
alter table orders add column channel_updated_at timestamptz;
