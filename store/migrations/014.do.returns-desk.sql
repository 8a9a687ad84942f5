-- A return is received and inspected in pieces; what an inspection came to can be corrected.

alter table return_authorization
  -- How the goods come back: with a label, with a code that is scanned at the counter, in the customer's own way, to a store.
  add column method text not null default 'label' check (method in ('label', 'qr_code', 'none', 'store')),
  -- Where to; null: where returns of the order go.
  add column location_id text references location,
  add column requested_by text not null default 'shopper',
  -- The customer's e-mail address in lower case, by which the rules count a customer's returns.
  add column customer text,
  -- Why it was approved or declined, or what a person has to decide.
  add column decision text not null default '',
  add column waits_for_person boolean not null default false,
  -- When it was approved, or goods of it came last: the rest is awaited from then.
  add column moved_at timestamptz not null default now(),
  -- What the units are worth that have come back. Null: the version before this one has inspected them and not refunded
  -- them yet; the refund works it out.
  add column value_minor bigint default 0;

update return_authorization r set customer = lower(o.customer_email) from orders o where o.id = r.order_id;
create index return_authorization_customer on return_authorization (customer, requested_at);
-- By number as scanners give it, whatever the case; units by the serial on their tag.
create index return_authorization_number on return_authorization (lower(id));
create index packed_unit_serial on packed_unit (serial);
create index return_authorization_waiting on return_authorization (requested_at) where waits_for_person;

-- Announced units that will not come after all, or were not in the parcel. They may come late.
alter table return_line add column dismissed integer not null default 0 check (dismissed >= 0);

-- What came in at the dock, parcel by parcel. The key makes each count once.
create table return_receipt (
  return_id    text not null references return_authorization,
  key          text not null,
  units        jsonb not null,
  received_by  text not null,
  at           timestamptz not null default now(),
  primary key (return_id, key)
);

-- What a person found. Neither changed nor removed: to correct one, it is reopened and the units are inspected anew.
create table return_inspection (
  id            text primary key,
  return_id     text not null references return_authorization,
  number        integer not null check (number > 0),
  key           text not null,
  inspected_by  text not null,
  note          text not null default '',
  at            timestamptz not null default now(),
  -- Steps of the saga: the goods are in the stock; what they brought is refunded.
  stocked_at    timestamptz,
  refunded_at   timestamptz,
  reopened_at   timestamptz,
  reopened_by   text,
  -- The saga has taken the goods of a reopened inspection out of the stock again.
  undone_at     timestamptz,
  unique (return_id, number),
  unique (return_id, key)
);

create table return_piece (
  id             text primary key,
  inspection_id  text not null references return_inspection,
  line_id        text not null,
  sku            text not null,
  quantity       integer not null check (quantity > 0),
  disposition    text not null check (disposition in ('restocked', 'damaged', 'refurbish', 'quarantine', 'write_off', 'missing',
                   'kept')),
  -- Where it goes; null: where the return goes.
  location_id    text references location,
  lot            text,
  lot_expires_at timestamptz,
  serials        text[] not null default '{}',
  -- Whether the stock has taken it.
  stocked        boolean not null default false
);
create index return_piece_inspection on return_piece (inspection_id);
create index return_piece_serials on return_piece using gin (serials);

-- Things that came and that nobody announced. They are put aside, and belong to a return once somebody knows to which.
create sequence return_unknown_item_number;
create table return_unknown_item (
  id           text primary key,
  key          text not null unique,
  -- With whose parcel it came, where that is known.
  return_id    text references return_authorization,
  code         text not null,
  quantity     integer not null check (quantity > 0),
  note         text not null default '',
  status       text not null default 'aside' check (status in ('aside', 'attached', 'discarded')),
  put_aside_by text not null,
  at           timestamptz not null default now(),
  -- Where it turned out to belong.
  attached_return_id text references return_authorization,
  attached_line_id   text,
  settled_by   text,
  settled_at   timestamptz,
  check ((status = 'attached') = (attached_return_id is not null))
);
create index return_unknown_item_return on return_unknown_item (return_id);
create index return_unknown_item_aside on return_unknown_item (at desc, id desc) where status = 'aside';

-- The channel's own rules for returns; what it leaves out is as by default (orders/returns/return-rules.ts).
alter table channel add column return_rules jsonb not null default '{}';

-- Inspections of the version before this one: one result a line. Where its saga has put the goods back already, it has
-- said so in the timeline.
insert into return_inspection (id, return_id, number, key, inspected_by, at, stocked_at, refunded_at)
  select r.id || '-I1', r.id, 1, 'former', 'staff', r.updated_at,
    case when exists (select from order_event e where e.order_id = r.order_id and e.key = 'restocked:' || r.id)
      then r.updated_at end,
    case when r.status = 'refunded' then r.updated_at end
  from return_authorization r
  where exists (select from return_line l where l.return_id = r.id and l.disposition is not null and l.received > 0);
-- A piece's id begins its stock commands' ids. These are the ids that the version before gave them.
insert into return_piece (id, inspection_id, line_id, sku, quantity, disposition, stocked)
  select l.return_id || ':' || l.line_id, i.id, l.line_id, l.sku, l.received, l.disposition,
    i.stocked_at is not null and l.disposition <> 'missing'
  from return_line l join return_inspection i on i.return_id = l.return_id
  where l.disposition is not null and l.received > 0;
-- What was not put back yet is counted now, as it is from this version on: at the inspection.
with counted as (
  select r.order_id, p.line_id, sum(p.quantity) filter (where p.disposition <> 'missing') as accepted,
    sum(p.quantity) filter (where p.disposition = 'missing') as missing
  from return_piece p join return_inspection i on i.id = p.inspection_id join return_authorization r on r.id = i.return_id
  where i.stocked_at is null group by r.order_id, p.line_id
), moved as (
  update order_line o set return_received = o.return_received + coalesce(c.accepted, 0),
    return_dismissed = o.return_dismissed + coalesce(c.missing, 0)
  from counted c where o.order_id = c.order_id and o.line_id = c.line_id
  returning o.order_id, o.line_id, o.return_requested, o.return_received, o.return_dismissed, o.shipped
)
update orders o set return_status = case
    when s.received = 0 then case when s.requested > s.received + s.dismissed then 'requested' else 'none' end
    when s.requested > s.received + s.dismissed then 'in_progress'
    when s.received = s.shipped then 'returned' else 'partially_returned' end
from (
  select order_id, sum(return_requested) as requested, sum(return_received) as received, sum(return_dismissed) as dismissed,
    sum(shipped) as shipped
  from (
    select order_id, line_id, return_requested, return_received, return_dismissed, shipped from moved
    union all
    select l.order_id, l.line_id, l.return_requested, l.return_received, l.return_dismissed, l.shipped from order_line l
    where l.order_id in (select order_id from moved)
      and not exists (select from moved m where m.order_id = l.order_id and m.line_id = l.line_id)
  ) lines group by order_id
) s where o.id = s.order_id;
update return_authorization r
  set value_minor = case when i.refunded_at is not null then r.refund_minor end
  from return_inspection i where i.return_id = r.id;
-- Missing units did not come; where the return had ended, so did no others.
update return_line l
  set received = l.received - m.missing,
    dismissed = m.missing + case when r.status = 'refunded' or i.stocked_at is not null
      then l.requested - l.received else 0 end
  from (select return_id, line_id, case when disposition = 'missing' then received else 0 end as missing from return_line) m,
    return_authorization r left join return_inspection i on i.return_id = r.id
  where m.return_id = l.return_id and m.line_id = l.line_id and r.id = l.return_id
    and (l.disposition is not null or r.status = 'refunded' or i.stocked_at is not null);
alter table return_line drop column disposition;
alter table return_line add constraint return_line_known check (received + dismissed <= requested);
