-- Who is told by webhook what happens to orders.
create table webhook_subscription (
  id          text primary key,
  company_id  text not null references company (id),
  name        text not null,
  url         text not null,
  -- Types of timeline entries, `shipment.*` for a whole area; null: all.
  events      text[],
  -- Only orders of this channel; null: of every one.
  channel_id  text references channel (id),
  active      boolean not null default true,
  -- Sealed, see config/secret-box.ts.
  secret         text not null,
  former_secret  text,
  former_until   timestamptz,
  -- Everything up to this place of the orders' feed is delivered or put aside.
  position_tx  xid8 not null,
  position_id  bigint not null,
  -- Of the message that is to be delivered next.
  attempts   integer not null default 0,
  due_at     timestamptz,
  created_at timestamptz not null default now()
);

-- What became of each message. What it says is in the order's timeline and is read from there for each attempt.
create table webhook_delivery (
  subscription_id  text not null references webhook_subscription (id) on delete cascade,
  message_id       text not null,
  order_id         text not null,
  event_key        text not null,
  event_type       text not null,
  -- `waiting`: it is tried again. `dead`: put aside. `again`: somebody wants it sent once more.
  state            text not null check (state in ('waiting', 'delivered', 'dead', 'again')),
  attempts         integer not null,
  -- Of the last answer; null: there was none.
  http_status      integer,
  problem          text,
  first_tried_at   timestamptz not null default now(),
  last_tried_at    timestamptz not null default now(),
  primary key (subscription_id, message_id)
);
create index webhook_delivery_newest on webhook_delivery (subscription_id, last_tried_at desc, message_id desc);
create index webhook_delivery_again on webhook_delivery (subscription_id) where state = 'again';

create trigger webhook_subscription_set after insert or delete on webhook_subscription
  for each statement execute function tell_settings();
