-- Webhooks out: of more than orders, each endpoint at its own pace, each try written down.

-- What happens beside orders: catalog, places, devices, stock positions. A feed like that of timelines (ADR 0008).
create table domain_event (
  id           bigint generated always as identity primary key,
  type         text not null,
  -- What it is about: messages of one subject are kept in order where that is asked for.
  subject      text not null,
  location_id  text,
  channel_id   text,
  data         jsonb not null,
  at           timestamptz not null default now(),
  tx           xid8 not null default feed_transaction()
);
create index domain_event_feed on domain_event (tx, id);
create index domain_event_at on domain_event (at);

-- The names of what differs between two rows, without what nobody is told of.
create function fields_changed(before jsonb, after jsonb) returns jsonb language sql immutable as $$
  select coalesce(jsonb_agg(key order by key), '[]')
    from jsonb_each(after) where value is distinct from before->key
$$;

create function tell_of_product() returns trigger language plpgsql as $$
declare
  row product := case when tg_op = 'DELETE' then old else new end;
begin
  insert into domain_event (type, subject, data)
  values ('product.' || case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'changed' else 'removed' end,
    row.sku,
    jsonb_build_object('sku', row.sku, 'name', row.name, 'gtin', row.gtin, 'weightGrams', row.weight_grams,
      'priceMinor', row.price_minor, 'currency', row.currency, 'hsCode', row.hs_code, 'originCountry', row.origin_country,
      'changed', case when tg_op = 'UPDATE' then fields_changed(to_jsonb(old), to_jsonb(new)) else '[]' end));
  return null;
end $$;
create trigger product_told after insert or delete on product for each row execute function tell_of_product();
create trigger product_change_told after update on product for each row
  when (old.* is distinct from new.*) execute function tell_of_product();

create function tell_of_sku_mapping() returns trigger language plpgsql as $$
declare
  row sku_mapping := case when tg_op = 'DELETE' then old else new end;
begin
  insert into domain_event (type, subject, channel_id, data)
  values ('sku_mapping.' || case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'changed' else 'removed' end,
    row.channel_id || '/' || row.channel_sku, row.channel_id,
    jsonb_build_object('channelId', row.channel_id, 'channelSku', row.channel_sku, 'sku', row.sku));
  return null;
end $$;
create trigger sku_mapping_told after insert or delete on sku_mapping for each row
  execute function tell_of_sku_mapping();
create trigger sku_mapping_change_told after update on sku_mapping for each row
  when (old.* is distinct from new.*) execute function tell_of_sku_mapping();

create function tell_of_location() returns trigger language plpgsql as $$
declare
  row location := case when tg_op = 'DELETE' then old else new end;
begin
  insert into domain_event (type, subject, location_id, data)
  values ('location.' || case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'changed' else 'removed' end,
    row.id, row.id,
    jsonb_build_object('locationId', row.id, 'name', row.name, 'kind', row.kind, 'active', row.active,
      'changed', case when tg_op = 'UPDATE' then fields_changed(to_jsonb(old), to_jsonb(new)) else '[]' end));
  return null;
end $$;
create trigger location_told after insert or delete on location for each row execute function tell_of_location();
create trigger location_change_told after update on location for each row
  when (old.* is distinct from new.*) execute function tell_of_location();

create function tell_of_device() returns trigger language plpgsql as $$
begin
  insert into domain_event (type, subject, location_id, data, at)
  select 'device.' || new.kind, coalesce(new.device_id, ''), d.location_id,
    jsonb_build_object('deviceId', new.device_id, 'locationId', d.location_id, 'detail', new.detail, 'count', new.count),
    new.at
    from (select 1) as once left join device d on d.id = new.device_id;
  return null;
end $$;
create trigger device_event_told after insert on device_event for each row execute function tell_of_device();

-- Up to where the feed of stock was made events of; no row: nobody wants to be told of stock.
create table webhook_stock_place (
  only_row  boolean primary key default true check (only_row),
  cursor    text not null
);

alter table webhook_subscription
  -- Only what happens at these places, of what happens at one; null: at all.
  add column locations text[],
  -- `key`: messages about one order, product, place or device one after the other. `none`: each by itself.
  add column ordering text not null default 'key' check (ordering in ('key', 'none')),
  -- As position_tx and position_id, of domain_event.
  add column events_tx xid8,
  add column events_id bigint not null default 0,
  -- Since its last message that was taken; null: the last one was.
  add column failing_since timestamptz,
  add column paused_at timestamptz,
  -- `failing`: nothing was taken for days. `gone`: it said so itself, by 410.
  add column pause_reason text check (pause_reason in ('failing', 'gone')),
  -- When the administrators were told of the pause.
  add column pause_told_at timestamptz;
update webhook_subscription set events_tx = feed_horizon();
alter table webhook_subscription alter column events_tx set not null;
-- `attempts` was of the next message; it is how many tries in a row were not taken, of any message.
update webhook_subscription set failing_since = now() where attempts > 0;
-- All that there was to be told was what happens to orders.
update webhook_subscription
   set events = array['order.*', 'fulfillment.*', 'shipment.*', 'payment.*', 'refund.*', 'return.*', 'claim.*', 'stock.*',
     'store_credit.*', 'notification.*', 'channel.*', 'saga.*']
 where events is null;

-- Whoever delivers reads again what was set. Its place in the feed is of no interest to anybody.
create trigger webhook_subscription_changed
  after update of name, url, events, channel_id, locations, ordering, active, secret, former_secret, paused_at
  on webhook_subscription for each statement execute function tell_settings();

-- What waited is before its subscription's place, and comes from the feed.
delete from webhook_delivery where state = 'waiting';
alter table webhook_delivery
  -- `orders`: an entry of order_id's timeline, by event_key. `system`: a domain_event, by event_id.
  add column source text not null default 'orders' check (source in ('orders', 'system')),
  alter column order_id drop not null,
  add column subject text,
  -- The event's place in its feed.
  add column event_tx xid8 not null default '0',
  add column event_id bigint not null default 0,
  -- When it is tried next; null: at once, or as soon as those before it are taken.
  add column due_at timestamptz,
  -- [{at, status, ms, answer, problem}], the first one first.
  add column tries jsonb not null default '[]';
update webhook_delivery d set event_tx = e.tx, event_id = e.id
  from order_event e where e.order_id = d.order_id and e.key = d.event_key;
update webhook_delivery set subject = order_id;
alter table webhook_delivery
  alter column subject set not null,
  add constraint webhook_delivery_of_order check ((source = 'orders') = (order_id is not null));
drop index webhook_delivery_again;
create index webhook_delivery_open on webhook_delivery (subscription_id, state, subject, event_tx, event_id)
  where state in ('waiting', 'again');

-- A range of time that is told once more.
create table webhook_replay (
  id               bigint generated always as identity primary key,
  subscription_id  text not null references webhook_subscription (id) on delete cascade,
  from_at          timestamptz not null,
  to_at            timestamptz not null,
  -- Of those that the subscription wants; null: all of them.
  events           text[],
  state            text not null default 'running' check (state in ('running', 'done', 'cancelled')),
  -- What it is reading, and up to where; null: from the beginning of the range.
  source           text not null default 'orders' check (source in ('orders', 'system')),
  position_tx      xid8,
  position_id      bigint,
  found            integer not null default 0,
  asked_by         text not null,
  created_at       timestamptz not null default now(),
  done_at          timestamptz,
  check (from_at < to_at)
);
create index webhook_replay_of on webhook_replay (subscription_id, id desc);
create index webhook_replay_running on webhook_replay (subscription_id, id) where state = 'running';
