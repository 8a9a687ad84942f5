-- Fulfillment orders of several orders that leave in one parcel. Each order keeps its number, money and lines.
create table combined_parcel (
  -- Of the request that made it.
  id            text primary key,
  location_id   text not null references location,
  -- Where all of it goes, as it was agreed.
  address       jsonb not null,
  requested_by  text not null,
  created_at    timestamptz not null default now(),
  -- It has left, or it came to nothing.
  ended_at      timestamptz
);
create index combined_parcel_open on combined_parcel (created_at) where ended_at is null;

-- Kept when the parcel has left; null again for what leaves on its own.
alter table fulfillment_order add column combined_parcel_id text references combined_parcel;
create index fulfillment_order_combined on fulfillment_order (combined_parcel_id) where combined_parcel_id is not null;

-- One label, and its tracking number, for the shipments of several orders. The others name the one that it was bought for.
alter table shipment drop constraint shipment_tracking_number_key;
create index shipment_tracking_number on shipment (tracking_number);
alter table shipment add column shares_label_of text references shipment;

-- How long new orders of the channel wait for others of their customer, to leave in one parcel. Null: not at all.
alter table channel add column combine_minutes integer check (combine_minutes between 1 and 1440);
-- Not before this does its pick begin. Null: it waits for no other order.
alter table fulfillment_order add column combine_until timestamptz;
create index fulfillment_order_combine_until on fulfillment_order (combine_until) where combine_until is not null;
