-- Locations that a connected channel's vendor runs for us, and what it is asked to send from there.
alter table channel_account add column runs_location text references location;
create unique index channel_account_runs_location on channel_account (runs_location)
  where runs_location is not null;

-- A fulfillment order at such a location: asked of the provider instead of the floor.
create table provider_request (
  fulfillment_order_id  text primary key,
  order_id     text not null,
  channel_id   text not null references channel,
  location_id  text not null,
  -- How often it was asked for: one that was refused or called off is asked for anew, under another key.
  round        integer not null default 1,
  -- The provider knows it by; null: it was not asked yet.
  key          text,
  -- Numbers of the items and the holds that they stand for: [{item, holdId, sku, quantity}].
  items        jsonb not null default '[]',
  -- to_ask -> asked -> leaving (its package is known, and to be booked) -> left (on its way) -> ended
  state        text not null default 'to_ask' check (state in ('to_ask', 'asked', 'leaving', 'left', 'ended')),
  -- Of one that has ended: `delivered`, `refused`, `called_off`, `forgotten` (nothing more is heard of it).
  outcome      text,
  -- Who wants it called off, as in the timeline, which says why; and what the provider has said to that.
  call_off     text,
  call_off_answer  text check (call_off_answer in ('called_off', 'too_late')),
  -- The package that it left in.
  package_id       text,
  carrier          text,
  tracking_number  text,
  shipped_at       timestamptz,
  attempts     integer not null default 0,
  due_at       timestamptz not null default now(),
  problem_code text,
  problem      text,
  made_at      timestamptz not null default now(),
  asked_at     timestamptz,
  changed_at   timestamptz not null default now()
);
create index provider_request_due on provider_request (channel_id, due_at) where state <> 'ended';
create index provider_request_order on provider_request (order_id);
create index provider_request_location on provider_request (location_id) where state <> 'ended';

-- What a provider said last of the goods that lie at it.
create table provider_stock (
  channel_id  text not null references channel_account on delete cascade,
  -- As the provider calls them.
  sku         text not null,
  sellable    integer not null check (sellable >= 0),
  read_at     timestamptz not null,
  primary key (channel_id, sku)
);

insert into order_part (place, name, condition) values (35, 'provider_request', 't.order_id = $1');
