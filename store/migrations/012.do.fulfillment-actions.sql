-- What people and channels may do to fulfillment orders.

-- The calendar day before which a scheduled fulfillment order does not go to the floor.
alter table fulfillment_order add column release_on date;
create index fulfillment_order_scheduled on fulfillment_order (release_on) where status = 'scheduled';

-- Fulfillment orders that were split share a hold. The part that was split off has ids of its own for the stock
-- commands that tell of its units.
alter table fulfillment_order_line add column split_off boolean not null default false;

-- What the stock is still to be told after a change of fulfillment orders was committed: written with the
-- change, done by the order's saga. Each has its command's id, so that telling it twice changes nothing.
create table stock_errand (
  command_id   text primary key,
  order_id     text not null references orders,
  kind         text not null check (kind in ('allocate', 'deallocate')),
  hold_id      text not null,
  sku          text not null,
  location_id  text not null,
  -- Of deallocate; null: all that the hold has.
  quantity     integer check (quantity > 0),
  -- In the future while the change itself is under way, which takes the errand back when it has succeeded.
  due_at       timestamptz not null default now(),
  -- Once it is begun, nobody can take it back any more.
  begun_at     timestamptz,
  done_at      timestamptz
);
create index stock_errand_open on stock_errand (order_id) where done_at is null;

-- Units that somebody else has handed over: the marketplace, another provider, the shop itself.
create table done_elsewhere (
  order_id         text not null references orders,
  key              text not null,
  lines            jsonb not null,
  carrier          text,
  tracking_number  text,
  tracking_url     text,
  by               text not null,
  at               timestamptz not null default now(),
  primary key (order_id, key)
);
