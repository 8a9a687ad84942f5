-- Lists that staff work with: found by what stands on papers and parcels, in an order that is asked for, and kept as views.

-- A part of a number, wherever it stands in it.
create extension if not exists pg_trgm;
create index orders_number_part on orders using gin (id gin_trgm_ops, external_number gin_trgm_ops);
create index order_line_sku on order_line (lower(sku) text_pattern_ops) where sku is not null;
create index order_line_channel_sku on order_line (lower(channel_sku) text_pattern_ops);
create index done_elsewhere_tracking on done_elsewhere (upper(tracking_number)) where tracking_number is not null;

-- Orders without a day to ship by come last.
create index orders_ship_by on orders ((coalesce(ship_by, 'infinity'::date)), id);
create index orders_updated on orders (updated_at desc, id desc);

create index stock_position_safety_stock on stock_position (sku, location_id) where safety_stock > 0;

-- A list as somebody wants to see it again: its address without the path. `shared_with`: a role whose members see it, too.
create table saved_view (
  id           text primary key,
  staff_id     text not null references staff on delete cascade,
  list         text not null,
  name         text not null,
  query        text not null,
  shared_with  text references role (id) on delete cascade,
  created_at   timestamptz not null default now(),
  unique (staff_id, list, name)
);
create index saved_view_shared on saved_view (shared_with) where shared_with is not null;
