-- A channel's account at its vendor's API: what is read there, and what is told there.

create table channel_account (
  channel_id    text primary key references channel,
  -- Of the vendor's variables: what is no secret, in clear text.
  settings      jsonb not null default '{}',
  -- The rest, as JSON sealed by config/secret-box.ts; null: it has no secret.
  sealed        text,
  active        boolean not null default true,
  -- Between two looks for orders that changed.
  poll_seconds  integer not null default 60 check (poll_seconds between 2 and 86400),
  tells_orders  boolean not null default true,
  tells_stock   boolean not null default true,
  -- What is shown of the stock there: of these locations (null: of all), less the buffer, and no more than so many.
  locations     text[],
  buffer_units    integer not null default 0 check (buffer_units >= 0),
  buffer_percent  integer not null default 0 check (buffer_percent between 0 and 100),
  most_shown      integer check (most_shown >= 0),
  -- When its books are compared with ours, hours of the UTC day; null: only on demand.
  compares_at   integer check (compares_at between 0 and 23),
  created_at    timestamptz not null default now()
);
create trigger channel_account_set after insert or update or delete on channel_account
  for each statement execute function tell_settings();

-- How far a connected channel is read and told. Apart from its account, since it changes with each look.
create table channel_progress (
  channel_id  text primary key references channel_account on delete cascade,
  -- Everything that changed at the channel before it is here.
  read_to     timestamptz not null,
  -- The look that is under way: where it goes on, and the newest change that it has seen. Null: none is.
  look_since  timestamptz,
  look_began  timestamptz,
  look_page   text,
  look_newest timestamptz,
  -- When a look last came to its end.
  looked_at   timestamptz,
  -- Up to this place of the orders' feed it is written down what the channel is to be told.
  position_tx  xid8 not null,
  position_id  bigint not null,
  listings_at  timestamptz,
  compared_at  timestamptz,
  -- Why the channel cannot be worked with; null: it can.
  problem_code text,
  problem      text,
  problem_at   timestamptz
);

-- Orders of a stretch of time that are read once more because somebody asked for them.
create table channel_backfill (
  id          bigint generated always as identity primary key,
  channel_id  text not null references channel_account on delete cascade,
  since       timestamptz not null,
  until       timestamptz not null,
  page        text,
  orders      integer not null default 0,
  refused     integer not null default 0,
  asked_by    text not null,
  asked_at    timestamptz not null default now(),
  ended_at    timestamptz,
  problem     text,
  check (since < until)
);
create index channel_backfill_open on channel_backfill (channel_id, id) where ended_at is null;

-- What a channel is told of its orders, each once.
create table channel_telling (
  id          bigint generated always as identity primary key,
  channel_id  text not null references channel,
  -- Names what is told; with the channel, the key under which it is told.
  key         text not null,
  -- Maybe in the archive: nothing that waits is (store/archive/finished-orders.ts).
  order_id    text not null,
  kind        text not null check (kind in ('acknowledge', 'ship', 'cancel', 'refund', 'hold', 'release', 'invoice')),
  -- Ids and quantities that say what is told; nothing about a person.
  facts       jsonb not null default '{}',
  -- `dead`: the channel will not take it, or too many attempts failed: a person decides. `dropped`: one has decided.
  state       text not null default 'waiting' check (state in ('waiting', 'told', 'dead', 'dropped')),
  attempts    integer not null default 0,
  due_at      timestamptz not null default now(),
  -- The channel's own id of what came of it.
  reference   text,
  -- The channel had it already.
  was_known   boolean not null default false,
  code        text,
  problem     text,
  made_at     timestamptz not null default now(),
  settled_at  timestamptz,
  settled_by  text,
  reason      text,
  unique (channel_id, key)
);
create index channel_telling_waiting on channel_telling (channel_id, order_id, id) where state = 'waiting';
create index channel_telling_order on channel_telling (order_id, id);
create index channel_telling_state on channel_telling (channel_id, state, id desc);

-- Units of an order's lines that the channel knows will not come, from itself or from us.
create table channel_units_given_up (
  order_id         text not null,
  external_line_id text not null,
  quantity         integer not null check (quantity >= 0),
  primary key (order_id, external_line_id)
);
