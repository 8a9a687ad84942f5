-- Units that an order should have had and that were not there; what was done about them.
create table shortage (
  -- `<fulfillment order>:<line>`.
  id                    text primary key,
  order_id              text not null references orders,
  fulfillment_order_id  text not null references fulfillment_order,
  line_id               text not null,
  -- Where they were missing.
  location_id           text not null references location,
  reason                text not null,
  -- Units of the line; of a kit's line, kits.
  quantity              integer not null check (quantity > 0),
  -- Reserved anew.
  resourced             integer not null default 0 check (resourced >= 0),
  -- The order waits for them.
  awaited               integer not null default 0 check (awaited >= 0),
  cancelled             integer not null default 0 check (cancelled >= 0),
  created_at            timestamptz not null default now(),
  -- Nothing is left to do about it: every unit is accounted for, or the order was cancelled.
  settled_at            timestamptz,
  check (resourced + awaited + cancelled <= quantity)
);
create index shortage_order on shortage (order_id);
create index shortage_open on shortage (created_at, order_id) where settled_at is null;

-- What becomes of units that no other place has. Null: as the order's allocation says.
alter table channel add column short_rest text check (short_rest in ('cancel', 'backorder', 'wait'));

-- A person has decided that what is there leaves before the rest. Where the order's allocation says so, nobody has to.
alter table orders add column ships_parts boolean not null default false;

-- Runs of the former version: what was picked short is missing from its hold as well, and is sourced again.
with short as (
  select f.id, f.order_id, f.location_id, l.line_id, l.hold_id, l.quantity - l.picked as missing,
         l.fulfillment_order_id
    from fulfillment_order f
    join orders o on o.id = f.order_id and o.status in ('open', 'on_hold')
    join order_event e on e.order_id = f.order_id and e.key = 'picked:' || f.id and e.type = 'fulfillment.picked_short'
    join fulfillment_order_line l on l.fulfillment_order_id = f.id and l.picked < l.quantity and l.per_unit = 1
   where f.status <> 'cancelled'
     -- Of a kit, a person decides.
     and not exists (select from fulfillment_order_line part
                      where part.fulfillment_order_id = f.id and part.line_id = l.line_id and part.sku <> l.sku)
), noted as (
  insert into shortage (id, order_id, fulfillment_order_id, line_id, location_id, reason, quantity)
  select id || ':' || line_id, order_id, id, line_id, location_id, 'not_found', sum(missing)
    from short group by id, order_id, line_id, location_id
), held as (
  update order_hold h set quantity = h.quantity - s.missing from short s
   where h.order_id = s.order_id and h.hold_id = s.hold_id and h.location_id = s.location_id
)
update fulfillment_order_line l set quantity = l.picked from short s
 where l.fulfillment_order_id = s.fulfillment_order_id and l.hold_id = s.hold_id and l.picked > 0;

-- Where nothing was found, nothing will leave.
update fulfillment_order f set status = 'cancelled'
 where f.status in ('open', 'in_progress', 'on_hold')
   and exists (select from shortage s where s.fulfillment_order_id = f.id)
   and not exists (select from fulfillment_order_line l where l.fulfillment_order_id = f.id and l.picked > 0);

-- ---------------------------------------------------------------- collecting in the store

-- How long a store keeps what waits to be collected, and after how many days the customer is reminded.
alter table location add column pickup_days integer not null default 7 check (pickup_days between 1 and 365);
alter table location add column pickup_reminder_days integer not null default 3 check (pickup_reminder_days >= 0);

-- A fulfillment order that waits in the store for its customer.
create table collection (
  fulfillment_order_id  text primary key references fulfillment_order,
  order_id              text not null references orders,
  ready_at              timestamptz not null default now(),
  -- Null: the customer was reminded, or is not to be.
  remind_at             timestamptz,
  expires_at            timestamptz not null,
  -- The customer is in front of the store, and what they say of where.
  arrived_at            timestamptz,
  arrival_note          text,
  -- Since the last code was made.
  wrong_codes           integer not null default 0,
  collected_at          timestamptz,
  expired_at            timestamptz
);
create index collection_order on collection (order_id);
create index collection_remind on collection (remind_at) where remind_at is not null;
create index collection_expire on collection (expires_at) where collected_at is null and expired_at is null;

-- Codes that were sent out for it, as hashes. Each of them opens it.
create table collection_code (
  fulfillment_order_id  text not null references collection,
  code_hash             bytea not null,
  created_at            timestamptz not null default now(),
  primary key (fulfillment_order_id, code_hash)
);

-- People in a store: they pack, hand over and take returns in.
alter table staff drop constraint staff_role_check;
alter table staff add constraint staff_role_check
  check (role in ('admin', 'operations', 'service', 'warehouse', 'finance', 'store'));

-- ---------------------------------------------------------------- what the floor does first

-- A pick's place in the queue, see orders/fulfillment/pick-priority.ts: the earliest is served first.
alter table fulfillment_order add column queue_at timestamptz;
create index fulfillment_order_queue on fulfillment_order (location_id, (coalesce(queue_at, created_at)), id)
  where status not in ('closed', 'cancelled');

alter table floor_task add column queue_at timestamptz not null default now();
update floor_task set queue_at = created_at;
drop index floor_task_queue;
create index floor_task_queue on floor_task (location_id, queue_at, id) where status = 'queued';
alter table floor_task drop column priority;
