-- The foundation: who we are, what we sell, the stock journal, orders and everything that moves them.
-- Money columns hold integer units of 10^-exponent of the row's currency. Times are timestamptz.

-- ---------------------------------------------------------------- company, catalog, channels, people

create table company (
  id          text primary key,
  name        text not null,
  currency    text not null
);

create table location (
  id          text primary key,
  company_id  text not null references company,
  name        text not null,
  kind        text not null check (kind in ('fulfillment_center', 'store', 'supplier')),
  address     jsonb not null,
  latitude    double precision not null,
  longitude   double precision not null,
  priority    integer not null default 100,
  active      boolean not null default true
);

create table channel (
  id             text primary key check (id ~ '^[a-z][a-z0-9_]{0,31}$'),
  company_id     text not null references company,
  name           text not null,
  kind           text not null,
  webhook_secret text,
  -- What to do with an order that stock does not cover: a marketplace order is a fact (hold), a basket is a wish (refuse).
  on_shortage    text not null default 'hold' check (on_shortage in ('hold', 'refuse')),
  active         boolean not null default true
);

create table product (
  sku             text primary key,
  company_id      text not null references company,
  name            text not null,
  weight_grams    integer not null check (weight_grams > 0),
  length_mm       integer not null default 200,
  width_mm        integer not null default 150,
  height_mm       integer not null default 100,
  price_minor     bigint not null check (price_minor >= 0),
  currency        text not null,
  hs_code         text not null,
  origin_country  text not null,
  -- GS1 GTIN-14; the EPC of every unit's RFID tag derives from it.
  gtin            text not null,
  created_at      timestamptz not null default now()
);

-- A channel's own SKU where it differs from ours.
create table sku_mapping (
  channel_id   text not null references channel,
  channel_sku  text not null,
  sku          text not null references product,
  created_at   timestamptz not null default now(),
  primary key (channel_id, channel_sku)
);

create table staff (
  id             text primary key,
  company_id     text not null references company,
  email          text not null unique,
  name           text not null,
  password_hash  text not null,
  role           text not null check (role in ('admin', 'operations', 'service', 'warehouse', 'finance')),
  created_at     timestamptz not null default now()
);

create table staff_session (
  token_hash  bytea primary key,
  staff_id    text not null references staff on delete cascade,
  created_at  timestamptz not null default now(),
  expires_at  timestamptz not null
);

create table api_key (
  id           text primary key,
  company_id   text not null references company,
  -- The only channel that the key may send orders for; null: every channel.
  channel_id   text references channel,
  name         text not null,
  secret_hash  bytea not null,
  scopes       text[] not null,
  created_at   timestamptz not null default now(),
  revoked_at   timestamptz
);

-- Claimed before the request runs (Idempotency-Key of the REST API).
create table idempotency_key (
  scope         text not null,
  key           text not null,
  fingerprint   bytea not null,
  status        integer,
  response      jsonb,
  created_at    timestamptz not null default now(),
  primary key (scope, key)
);

-- ---------------------------------------------------------------- engine: lease, journal, snapshot

create table engine_layout (
  only_row     boolean primary key default true check (only_row),
  shard_count  integer not null check (shard_count between 1 and 1024)
);

create table shard_lease (
  shard       integer primary key,
  epoch       bigint not null,
  owner       text not null,
  renewed_at  timestamptz not null default now()
);

create table journal (
  shard         integer not null,
  sequence      bigint not null,
  epoch         bigint not null,
  checksum      bigint not null,
  previous_hash bytea not null,
  hash          bytea not null,
  entries       bytea not null,
  committed_at  timestamptz not null default now(),
  primary key (shard, sequence)
);

create table snapshot (
  shard       integer not null,
  sequence    bigint not null,
  epoch       bigint not null,
  checksum    bigint not null,
  journal_hash bytea not null,
  state_hash  bytea not null,
  state       bytea not null,
  taken_at    timestamptz not null default now(),
  primary key (shard, sequence)
);

-- Read model of the journal: every movement of every bucket with its cause. "Why is this number so" is one query here.
create table stock_movement (
  shard        integer not null,
  sequence     bigint not null,
  entry        integer not null,
  sku          text not null,
  location_id  text not null,
  kind         text not null,
  on_hand      integer not null,
  reserved     integer not null,
  allocated    integer not null,
  picked       integer not null,
  unavailable  integer not null,
  safety_stock integer not null,
  hold_id      text,
  cause        text not null,
  reason       text,
  at           timestamptz not null,
  primary key (shard, sequence, entry)
);
create index stock_movement_position on stock_movement (sku, location_id, at);
create index stock_movement_hold on stock_movement (hold_id) where hold_id is not null;

create table stock_position (
  sku          text not null,
  location_id  text not null,
  on_hand      integer not null,
  reserved     integer not null,
  allocated    integer not null,
  picked       integer not null,
  unavailable  integer not null,
  safety_stock integer not null,
  updated_at   timestamptz not null,
  primary key (sku, location_id)
);

create table journal_projection (
  shard     integer primary key,
  sequence  bigint not null
);

-- ---------------------------------------------------------------- orders

create table orders (
  id                 text primary key,
  company_id         text not null references company,
  channel_id         text not null references channel,
  external_id        text not null,
  external_number    text not null,
  status             text not null,
  payment_status     text not null,
  fulfillment_status text not null,
  return_status      text not null default 'none',
  hold_reasons       jsonb not null default '[]',
  currency           text not null,
  total_minor        bigint not null,
  exponent           integer not null,
  unit_count         integer not null,
  customer_name      text not null,
  customer_email     text,
  ship_by            date,
  deliver_by         date,
  placed_at          timestamptz not null,
  captured_at        timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  -- SHA-256 of the payload: tells a repeat from a change.
  content_hash       bytea not null,
  document           jsonb not null,
  -- The payload exactly as the channel sent it.
  raw_payload        text not null,
  -- What sourcing chose and why, line by line.
  sourcing           jsonb not null default '[]',
  -- 128 random bits in URL-safe base64: the shopper's key to the tracking page.
  tracking_token     text not null unique,
  version            integer not null default 1,
  unique (channel_id, external_id)
);
create index orders_captured on orders (captured_at desc, id);
create index orders_status on orders (status, captured_at desc);

-- The quantity ledger: every state of an order rolls up from these numbers.
create table order_line (
  order_id          text not null references orders,
  line_id           text not null,
  sku               text,
  channel_sku       text not null,
  title             text not null,
  ordered           integer not null check (ordered > 0),
  cancelled         integer not null default 0,
  allocated         integer not null default 0,
  fulfilled         integer not null default 0,
  shipped           integer not null default 0,
  delivered         integer not null default 0,
  return_requested  integer not null default 0,
  return_received   integer not null default 0,
  return_dismissed  integer not null default 0,
  written_off       integer not null default 0,
  unit_price_minor  bigint not null,
  discount_minor    bigint not null,
  tax_minor         bigint not null,
  primary key (order_id, line_id),
  check (cancelled + shipped <= ordered),
  check (delivered <= shipped),
  check (return_received + return_dismissed <= return_requested),
  check (return_requested <= shipped)
);

-- The timeline. `key` makes an entry happen once; `tx` orders the feed: a reader takes rows whose transaction is older
-- than every open one, so no later commit can slip in behind its cursor.
create table order_event (
  order_id  text not null references orders,
  key       text not null,
  id        bigint generated always as identity,
  tx        xid8 not null default pg_current_xact_id(),
  type      text not null,
  summary   text not null,
  cause     text not null,
  data      jsonb not null default '{}',
  at        timestamptz not null default now(),
  primary key (order_id, key)
);
create index order_event_feed on order_event (tx, id);

create table order_hold (
  order_id     text not null references orders,
  hold_id      text not null,
  line_id      text not null,
  sku          text not null,
  location_id  text not null,
  quantity     integer not null,
  primary key (order_id, hold_id)
);

-- Serial references of the handling units' SSCC-18: ten digits, then they start again.
create sequence handling_unit_serial minvalue 0 maxvalue 9999999999 cycle;

create table fulfillment_order (
  id           text primary key,
  order_id     text not null references orders,
  location_id  text not null references location,
  status       text not null,
  stage        text not null,
  -- Licence plate of the tote or carton on the floor: an SSCC-18.
  handling_unit text unique,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
create index fulfillment_order_order on fulfillment_order (order_id);
create index fulfillment_order_open on fulfillment_order (location_id, stage) where status in ('open', 'in_progress');

create table fulfillment_order_line (
  fulfillment_order_id text not null references fulfillment_order,
  line_id     text not null,
  hold_id     text not null,
  sku         text not null,
  quantity    integer not null check (quantity > 0),
  picked      integer not null default 0,
  verified    integer not null default 0,
  primary key (fulfillment_order_id, hold_id)
);

create table shipment (
  id                    text primary key,
  order_id              text not null references orders,
  fulfillment_order_id  text references fulfillment_order,
  return_id             text,
  carrier_provider      text not null,
  carrier_shipment_id   text not null,
  carrier               text not null,
  service               text not null,
  tracking_number       text not null unique,
  tracking_status       text not null default 'pre_transit',
  cost_minor            bigint not null,
  currency              text not null,
  weight_grams          integer not null,
  label_zpl             text not null,
  label_pdf             bytea not null,
  shipped_at            timestamptz,
  delivered_at          timestamptz,
  created_at            timestamptz not null default now()
);
create index shipment_order on shipment (order_id);

-- What a label is bought for, written before the purchase: a purchase whose answer is lost can be repeated or voided.
create table label_purchase (
  key                  text primary key,
  order_id             text not null references orders,
  shipment_id          text not null,
  carrier_provider     text not null,
  carrier_shipment_id  text not null,
  rate_id              text not null,
  weight_grams         integer not null,
  voided_at            timestamptz,
  created_at           timestamptz not null default now()
);
create index label_purchase_order on label_purchase (order_id);

create table tracking_report (
  tracking_number text not null,
  report_id       text not null,
  status          text not null,
  message         text not null,
  place           text not null,
  at              timestamptz not null,
  primary key (tracking_number, report_id)
);

create table payment (
  order_id          text primary key references orders,
  provider          text not null,
  reference         text not null,
  currency          text not null,
  authorized_minor  bigint not null default 0,
  captured_minor    bigint not null default 0,
  refunded_minor    bigint not null default 0,
  status            text not null,
  updated_at        timestamptz not null default now(),
  check (captured_minor <= authorized_minor),
  check (refunded_minor <= captured_minor)
);

-- One row a call to the gateway, by idempotency key.
create table payment_transaction (
  key          text primary key,
  order_id     text not null references orders,
  type         text not null check (type in ('authorization', 'capture', 'void', 'refund')),
  amount_minor bigint not null,
  currency     text not null,
  status       text not null,
  reference    text,
  detail       text,
  at           timestamptz not null default now()
);
create index payment_transaction_order on payment_transaction (order_id);

create table return_authorization (
  id            text primary key,
  order_id      text not null references orders,
  status        text not null,
  reason        text not null,
  comment       text not null default '',
  requested_at  timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  refund_minor  bigint not null default 0,
  currency      text not null
);
create index return_authorization_order on return_authorization (order_id);

create table return_line (
  return_id    text not null references return_authorization,
  line_id      text not null,
  sku          text not null,
  requested    integer not null check (requested > 0),
  received     integer not null default 0,
  disposition  text,
  primary key (return_id, line_id),
  check (received <= requested)
);

create table notification (
  key       text primary key,
  order_id  text not null references orders,
  kind      text not null,
  recipient text not null,
  subject   text not null,
  sent_at   timestamptz not null default now()
);

-- Effects that leave the database: written with what causes them, carried out by the relay, marked when done.
create table outbox (
  id          bigint generated always as identity primary key,
  key         text not null unique,
  topic       text not null check (topic in ('workflow.start', 'workflow.signal')),
  payload     jsonb not null,
  attempts    integer not null default 0,
  -- Not before; moved ahead after a failure.
  due_at      timestamptz not null default now(),
  done_at     timestamptz,
  last_error  text,
  created_at  timestamptz not null default now()
);
create index outbox_due on outbox (due_at, id) where done_at is null;

-- ---------------------------------------------------------------- devices

create table device (
  id            text primary key,
  location_id   text not null references location,
  kind          text not null check (kind in ('robot', 'conveyor', 'rfid_portal')),
  protocol      text not null,
  name          text not null,
  connection    text not null default 'offline',
  -- The last state that the device reported, in its own words.
  state         jsonb not null default '{}',
  last_seen_at  timestamptz,
  created_at    timestamptz not null default now()
);

-- Highest message accepted of each boot of a device; a message at or below it is a repeat.
create table device_message (
  device_id  text not null references device,
  boot_id    text not null,
  sequence   bigint not null,
  primary key (device_id, boot_id)
);

-- Messages that could not be understood or applied, with the reason, for a person to look at.
create table device_dead_letter (
  id         bigint generated always as identity primary key,
  topic      text not null,
  payload    bytea not null,
  code       text not null,
  detail     text not null,
  at         timestamptz not null default now()
);

-- Work for the floor. The dispatcher hands queued tasks to idle devices.
create table floor_task (
  id                   text primary key,
  kind                 text not null check (kind in ('pick')),
  fulfillment_order_id text not null references fulfillment_order,
  location_id          text not null references location,
  status               text not null check (status in ('queued', 'assigned', 'finished', 'failed', 'cancelled')),
  device_id            text references device,
  priority             integer not null default 100,
  -- Goes up each time that the task is given out afresh; part of the order id that the robot sees.
  attempt              integer not null default 1,
  detail               text,
  created_at           timestamptz not null default now(),
  assigned_at          timestamptz,
  finished_at          timestamptz
);
create index floor_task_queue on floor_task (location_id, priority, created_at) where status = 'queued';
create unique index floor_task_device on floor_task (device_id) where status = 'assigned';
