-- Finished orders leave the busy tables (docs/adr/0069-a-finished-order-is-one-row.md).

create table archived_order (
  order_id            text primary key,
  -- Of its end: by it the document is found.
  month               date not null check (extract(day from month) = 1),
  company_id          text not null references company,
  channel_id          text not null references channel,
  external_id         text not null,
  external_number     text not null,
  status              text not null check (status in ('completed', 'cancelled')),
  payment_status      text not null,
  fulfillment_status  text not null,
  return_status       text not null,
  currency            text not null,
  total_minor         bigint not null,
  exponent            integer not null,
  unit_count          integer not null,
  -- Sealed, as in `orders`.
  customer_name       text not null,
  placed_at           timestamptz not null,
  captured_at         timestamptz not null,
  updated_at          timestamptz not null,
  ship_by             date,
  deliver_by          date,
  -- What of the document is searched by: tags and clear custom fields.
  document            jsonb not null,
  content_hash        bytea not null,
  -- What the rules for retention still have to take out of the document.
  has_payload         boolean not null,
  labels_since        timestamptz,
  mails_since         timestamptz,
  has_person          boolean not null,
  archived_at         timestamptz not null default now(),
  -- The same key that a capture leans on in `orders`.
  unique (channel_id, external_id)
);
create index archived_order_captured on archived_order (captured_at desc, order_id desc);
create index archived_order_updated on archived_order (updated_at desc, order_id desc);
create index archived_order_number_part on archived_order using gin (order_id gin_trgm_ops, external_number gin_trgm_ops);
create index archived_order_payload on archived_order (updated_at) where has_payload;
create index archived_order_labels on archived_order (labels_since) where labels_since is not null;
create index archived_order_mails on archived_order (mails_since) where mails_since is not null;
create index archived_order_person on archived_order (updated_at) where has_person;

-- By what somebody may name an archived order, or something of it.
create table archived_name (
  order_id  text not null references archived_order on delete cascade,
  kind      text not null check (kind in ('order', 'fulfillment', 'shipment', 'tracking', 'return', 'refund', 'claim',
              'token', 'payment', 'sku', 'channel_sku')),
  name      text not null,
  -- Of a fulfillment order: where it was.
  place     text,
  primary key (order_id, kind, name)
);
create index archived_name_name on archived_name (name);
create index archived_name_lower on archived_name (lower(name) text_pattern_ops)
  where kind in ('sku', 'channel_sku', 'return');

-- All rows of an order, by table.
create table archived_document (
  order_id  text not null,
  month     date not null,
  rows      jsonb not null,
  primary key (order_id, month)
) partition by range (month);

-- Makes the month's partition where there is none. The system's own role may make no tables: this one may.
create function archive_partition(of_month date) returns void language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  first date := date_trunc('month', of_month)::date;
  name text := 'archived_document_' || to_char(first, 'YYYY_MM');
begin
  -- Looked for among the tables themselves: what was not there a moment ago is remembered as not being there.
  if exists (select from pg_class c where c.relname = name and c.relnamespace = 'public'::regnamespace) then return; end if;
  perform pg_advisory_xact_lock(7400075);
  if exists (select from pg_class c where c.relname = name and c.relnamespace = 'public'::regnamespace) then return; end if;
  -- Attached, and not made as a partition: so nobody who reads the others waits.
  execute format('create table %I (like archived_document including all)', name);
  execute format('alter table archived_document attach partition %I for values from (%L) to (%L)',
    name, first, (first + interval '1 month')::date);
end $$;

-- Of an order that may be in the archive, these stay where they are: the keys of its people with their
-- tokens, the ledger of store credit, serial numbers that were packed once, and what providers told.
alter table order_person drop constraint order_person_order_id_fkey;
alter table store_credit_entry drop constraint store_credit_entry_order_id_fkey;
alter table store_credit_entry drop constraint store_credit_entry_refund_id_fkey;
alter table packed_unit drop constraint packed_unit_fulfillment_order_id_fkey;
alter table payment_event drop constraint payment_event_order_id_fkey;

-- References that are checked when an order's rows leave.
create index notification_order on notification (order_id);
create index floor_task_fulfillment_order on floor_task (fulfillment_order_id);
create index shipment_fulfillment_order on shipment (fulfillment_order_id) where fulfillment_order_id is not null;
create index shipment_shares_label_of on shipment (shares_label_of) where shares_label_of is not null;
create index shortage_fulfillment_order on shortage (fulfillment_order_id);
create index stock_errand_order on stock_errand (order_id);
create index claim_shipment on claim (shipment_id);
create index refund_claim on refund (claim_id) where claim_id is not null;
create index payment_transaction_authorization on payment_transaction (authorization_key)
  where authorization_key is not null;
create index payment_dispute_authorization on payment_dispute (authorization_key);
create index return_unknown_item_attached on return_unknown_item (attached_return_id)
  where attached_return_id is not null;

-- How many days after its end an order stays in the busy tables; 0: for good.
create table archive_setting (
  only_row  boolean primary key default true check (only_row),
  days      integer not null check (days between 0 and 4000)
);

-- What belongs to an order: the table, and a condition on its rows `t`, where $1 is the order's id. A migration
-- that gives an order rows of another table says so here.
create table order_part (
  place      integer not null unique,
  name       text primary key,
  condition  text not null
);
insert into order_part (place, name, condition) values
  (1, 'orders', 't.id = $1'),
  (2, 'order_line', 't.order_id = $1'),
  (3, 'order_event', 't.order_id = $1'),
  (4, 'order_hold', 't.order_id = $1'),
  (5, 'order_revision', 't.order_id = $1'),
  (6, 'order_gift', 't.order_id = $1'),
  (7, 'fulfillment_order', 't.order_id = $1'),
  (8, 'fulfillment_order_line', 't.fulfillment_order_id in (select id from fulfillment_order where order_id = $1)'),
  (9, 'floor_task', 't.fulfillment_order_id in (select id from fulfillment_order where order_id = $1)'),
  (10, 'robot_load', 't.order_id = $1'),
  (11, 'shipment', 't.order_id = $1'),
  (12, 'label_purchase', 't.order_id = $1'),
  (13, 'tracking_report', 't.tracking_number in (select tracking_number from shipment where order_id = $1)'),
  (14, 'done_elsewhere', 't.order_id = $1'),
  (15, 'shortage', 't.order_id = $1'),
  (16, 'stock_errand', 't.order_id = $1'),
  (17, 'collection', 't.order_id = $1'),
  (18, 'collection_code', 't.fulfillment_order_id in (select fulfillment_order_id from collection where order_id = $1)'),
  (19, 'payment', 't.order_id = $1'),
  (20, 'payment_authorization', 't.order_id = $1'),
  (21, 'payment_transaction', 't.order_id = $1'),
  (22, 'payment_dispute', 't.order_id = $1'),
  (23, 'return_authorization', 't.order_id = $1'),
  (24, 'return_line', 't.return_id in (select id from return_authorization where order_id = $1)'),
  (25, 'return_receipt', 't.return_id in (select id from return_authorization where order_id = $1)'),
  (26, 'return_inspection', 't.return_id in (select id from return_authorization where order_id = $1)'),
  (27, 'return_piece', 't.inspection_id in (select i.id from return_inspection i
    join return_authorization r on r.id = i.return_id where r.order_id = $1)'),
  (28, 'return_unknown_item', 'coalesce(t.attached_return_id, t.return_id) in (select id from return_authorization where order_id = $1)'),
  (29, 'claim', 't.order_id = $1'),
  (30, 'claim_line', 't.claim_id in (select id from claim where order_id = $1)'),
  (31, 'refund', 't.order_id = $1'),
  (32, 'channel_refund', 't.order_id = $1'),
  (33, 'notification', 't.order_id = $1'),
  (34, 'outbox', 't.key in (select ''start:'' || id from orders where id = $1
      union all select ''start:'' || id from return_authorization where order_id = $1
      union all select ''start:'' || id from refund where order_id = $1
      union all select ''start:'' || id || '':receipt'' from claim where order_id = $1
      union all select ''mail:'' || key from notification where order_id = $1)
    or t.topic = ''workflow.signal'' and t.payload->>''workflowId'' in (select $1
      union all select id from return_authorization where order_id = $1
      union all select id from refund where order_id = $1)');

/*
 * The archive as it is read, made anew after every migration (store/sql/migrate.ts):
 *
 *   archived.T      rows of the archived orders that `holdfast.archived` names
 *   archive.T       the same beside those of the busy table: with `search_path` at `archive`, any statement reads both
 *   archive_list.T  what lists and searches ask, of all archived orders
 *
 * `holdfast.archived_months` are their months, so that only these partitions are opened. A column that is younger
 * than the document reads as its default.
 */
create function archive_views() returns void language plpgsql as $$
declare
  part text;
  plain text;
  shown text;
  reader text;
begin
  drop schema if exists archive cascade;
  drop schema if exists archived cascade;
  drop schema if exists archive_list cascade;
  create schema archived;
  create schema archive;
  create schema archive_list;
  for part in select name from order_part order by place loop
    select string_agg(format('%I', a.attname), ', ' order by a.attnum),
           string_agg(case when a.attnotnull and a.attidentity = '' and d.adbin is not null
             then format('coalesce(r.%I, %s) as %1$I', a.attname, pg_get_expr(d.adbin, d.adrelid))
             else format('r.%I', a.attname) end, ', ' order by a.attnum)
      into plain, shown
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = format('public.%I', part)::regclass and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = '';
    execute format($view$
      create view archived.%1$I as select %2$s from public.archived_document d
        cross join lateral jsonb_populate_recordset(null::public.%1$I, d.rows->%3$L) r
       where d.month = any(string_to_array(current_setting('holdfast.archived_months', true), ' ')::date[])
         and d.order_id = any(string_to_array(current_setting('holdfast.archived', true), ' '))$view$,
      part, shown, part);
    execute format('create view archive.%I as select %s from archived.%1$I union all select %2$s from public.%1$I',
      part, plain);
  end loop;
  create view archive_list.orders as
    select order_id as id, company_id, channel_id, external_id, external_number, status, payment_status,
           fulfillment_status, return_status, '[]'::jsonb as hold_reasons, currency, total_minor, exponent,
           unit_count, customer_name, null::text as customer_email, placed_at, captured_at, updated_at, ship_by,
           deliver_by, document
      from public.archived_order;
  create view archive_list.fulfillment_order as
    select order_id, name as id, place as location_id from public.archived_name where kind = 'fulfillment';
  create view archive_list.order_line as
    select order_id, case when kind = 'sku' then name end as sku, case when kind = 'channel_sku' then name end
      as channel_sku from public.archived_name where kind in ('sku', 'channel_sku');
  create view archive_list.return_authorization as
    select order_id, name as id from public.archived_name where kind = 'return';
  create view archive_list.shipment as
    select order_id, name as tracking_number from public.archived_name where kind = 'tracking';
  create view archive_list.done_elsewhere as
    select null::text as order_id, null::text as tracking_number where false;
  -- Whoever may read the orders may read these.
  for reader in
    select distinct quote_ident(r.rolname)
      from pg_class c, aclexplode(c.relacl) acl join pg_roles r on r.oid = acl.grantee
     where c.oid = 'public.orders'::regclass and acl.privilege_type = 'SELECT' and acl.grantee <> c.relowner
  loop
    execute format('grant usage on schema archived, archive, archive_list to %s', reader);
    execute format('grant select on all tables in schema archived, archive, archive_list to %s', reader);
  end loop;
end $$;

/*
 * Puts an order's rows back where they came from, in one statement: nobody ever sees it in both, or in neither.
 * Of two that do it at once, one waits and finds it done.
 *
 * Returns whether it was this call that brought it.
 */
create function bring_back_order(asked text) returns boolean language plpgsql as $$
declare
  of_month date;
  steps text;
begin
  select month into of_month from public.archived_order where order_id = asked for update;
  if not found then return false; end if;
  perform set_config('holdfast.archived', asked, true), set_config('holdfast.archived_months', of_month::text, true);
  select string_agg(format('%I as (insert into public.%I (%s) overriding system value select %3$s from archived.%2$I)',
           'p_' || p.name, p.name, (
             select string_agg(format('%I', a.attname), ', ' order by a.attnum) from pg_attribute a
              where a.attrelid = format('public.%I', p.name)::regclass and a.attnum > 0 and not a.attisdropped
                and a.attgenerated = '')), ', ' order by p.place)
    into steps from public.order_part p;
  execute 'with ' || steps || ', gone as (delete from public.archived_document where order_id = $1 and month = $2)
    delete from public.archived_order where order_id = $1' using asked, of_month;
  return true;
end $$;
