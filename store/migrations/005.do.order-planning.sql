-- What sourcing rules need to know of a location. Money in minor units of the company's currency; null: the standard.
alter table location add column parcel_cost_minor integer check (parcel_cost_minor >= 0);
alter table location add column unit_cost_minor integer check (unit_cost_minor >= 0);
alter table location add column cost_per_km_minor double precision check (cost_per_km_minor >= 0);
-- [{"upToKm", "costMinor", "days"}] by ascending distance.
alter table location add column zones jsonb;
-- Minute of the local day from which on an order leaves a day later.
alter table location add column cut_off_minute integer check (cut_off_minute between 0 and 1440);
alter table location add column lead_time_days integer check (lead_time_days between 0 and 365);
-- Parcels that it can still take on today.
alter table location add column open_capacity integer check (open_capacity >= 0);
-- Numbers for custom rules, by name.
alter table location add column attributes jsonb not null default '{}';

-- How much of an order a channel wants where stock does not suffice, unless the order says so itself.
alter table channel add column allocation text not null default 'all_or_nothing'
  check (allocation in ('all_or_nothing', 'line_by_line', 'ship_available', 'ship_available_backorder_rest'));

-- A SKU that is sold as one and picked as several; it has no stock of its own.
create table kit_component (
  kit_sku   text not null references product,
  position  integer not null,
  sku       text not null references product,
  quantity  integer not null check (quantity > 0),
  primary key (kit_sku, sku),
  unique (kit_sku, position),
  check (kit_sku <> sku)
);

-- Of a kit's component: how many of it one kit takes. The ledger counts kits, stock counts components.
alter table order_hold add column per_unit integer not null default 1 check (per_unit > 0);
alter table fulfillment_order_line add column per_unit integer not null default 1 check (per_unit > 0);

-- Demand that waited may be filled at several locations under the one hold id that it waited under.
alter table order_hold drop constraint order_hold_pkey;
alter table order_hold add primary key (order_id, hold_id, location_id);

-- What orders that waited were given, written by the engine with the units themselves; applied to the order afterwards.
-- No foreign key: nothing that locks an order may delay the engine's commit.
create table demand_fill (
  id              bigint generated always as identity primary key,
  reservation_id  text not null,
  hold_id         text not null,
  line_id         text not null,
  sku             text not null,
  location_id     text not null,
  quantity        integer not null check (quantity > 0),
  at              timestamptz not null default now(),
  applied_at      timestamptz
);
create index demand_fill_open on demand_fill (reservation_id, id) where applied_at is null;
