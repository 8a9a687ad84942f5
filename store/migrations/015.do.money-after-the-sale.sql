-- Money after the sale: what goes back to a customer, store credit, and claims about parcels.

-- One row for everything that goes back, whoever pays it out. Amounts in ISO 4217 minor units.
create table refund (
  id                  text primary key,
  order_id            text not null references orders,
  -- A repeat of a request finds its row by it. The provider's idempotency keys are made of it.
  key                 text not null unique,
  reason              text not null check (reason in ('return', 'appeasement', 'goodwill', 'claim',
                        'exchange_difference', 'cancellation', 'overpayment')),
  status              text not null check (status in ('requested', 'pending', 'done', 'failed', 'withdrawn',
                        'due_at_channel', 'confirmed_by_channel', 'owed_by_customer', 'settled_by_customer')),
  currency            text not null,
  -- What it is for, and what of it goes back: less where less was paid, or where the provider takes no such amount.
  asked_minor         bigint not null check (asked_minor >= 0),
  amount_minor        bigint not null check (amount_minor >= 0),
  -- Who pays the amount out, written once, before anybody is asked to.
  payment_minor       bigint not null default 0 check (payment_minor >= 0),
  store_credit_minor  bigint not null default 0 check (store_credit_minor >= 0),
  channel_minor       bigint not null default 0 check (channel_minor >= 0),
  -- What pays for an order in exchange, `<return>-X1`, by way of store credit.
  exchange_minor      bigint not null default 0 check (exchange_minor >= 0),
  to_store_credit     boolean not null default false,
  -- Store credit that comes on top.
  bonus_minor         bigint not null default 0 check (bonus_minor >= 0),
  -- What the channel has confirmed of its part.
  confirmed_minor     bigint not null default 0 check (confirmed_minor >= 0 and confirmed_minor <= channel_minor),
  attempt             integer not null default 1 check (attempt > 0),
  failure             text,
  note                text not null default '',
  return_id           text references return_authorization,
  claim_id            text,
  requested_by        text not null,
  -- The role of who asked, where it is one with a limit.
  limited_role        text,
  requested_at        timestamptz not null default now(),
  settled_at          timestamptz,
  settled_by          text,
  check (status in ('requested', 'failed', 'withdrawn', 'owed_by_customer', 'settled_by_customer')
    or payment_minor + store_credit_minor + channel_minor + exchange_minor = amount_minor)
);
create index refund_order on refund (order_id, requested_at);
create index refund_status on refund (status, requested_at desc, id desc);
create index refund_return on refund (return_id) where return_id is not null;

-- What a channel says that it has refunded, each message once. What no refund was waiting for stays unmatched, and the
-- next one of the order takes it.
create table channel_refund (
  order_id         text not null references orders,
  external_id      text not null,
  amount_minor     bigint not null check (amount_minor > 0),
  unmatched_minor  bigint not null check (unmatched_minor >= 0 and unmatched_minor <= amount_minor),
  told_by          text not null,
  at               timestamptz not null default now(),
  primary key (order_id, external_id)
);

-- Returns that ended before this version: their refunds were made, or were left to the channel and listed nowhere.
insert into refund (id, order_id, key, reason, status, currency, asked_minor, amount_minor, payment_minor, channel_minor,
    return_id, requested_by, requested_at, settled_at)
  select r.order_id || '-M' || row_number() over (partition by r.order_id order by r.requested_at, r.id), r.order_id,
    r.id || ':refund', 'return', case when p.order_id is null then 'due_at_channel' else 'done' end, r.currency,
    r.refund_minor, r.refund_minor, case when p.order_id is null then 0 else r.refund_minor end,
    case when p.order_id is null then r.refund_minor else 0 end, r.id, 'saga:refund-return', r.updated_at,
    case when p.order_id is null then null else r.updated_at end
  from return_authorization r left join payment p on p.order_id = r.order_id
  where r.status = 'refunded' and r.refund_minor > 0;

-- ---------------------------------------------------------------- store credit

-- What a company owes a customer in goods. The code is the key to it: who has it can spend it.
create table store_credit_account (
  id             text primary key,
  company_id     text not null references company,
  currency       text not null,
  -- The customer's e-mail address in lower case, or else the channel's id of the customer: `<channel>:<id>`.
  holder         text not null,
  code           text not null unique,
  balance_minor  bigint not null default 0 check (balance_minor >= 0),
  created_at     timestamptz not null default now(),
  unique (company_id, currency, holder)
);

create table store_credit_entry (
  id             bigint generated always as identity primary key,
  account_id     text not null references store_credit_account,
  -- Makes the entry happen once.
  key            text not null unique,
  kind           text not null check (kind in ('issued', 'bonus', 'spent', 'given_back', 'withdrawn')),
  amount_minor   bigint not null check (amount_minor <> 0 and (amount_minor < 0) = (kind in ('spent', 'withdrawn'))),
  balance_minor  bigint not null check (balance_minor >= 0),
  order_id       text references orders,
  refund_id      text references refund,
  limited_role   text,
  note           text not null default '',
  by             text not null,
  at             timestamptz not null default now()
);
create index store_credit_entry_account on store_credit_entry (account_id, id);
create index store_credit_entry_order on store_credit_entry (order_id) where order_id is not null;

create function keep_entry() returns trigger language plpgsql as $$
begin
  raise exception 'entries of store credit are neither changed nor removed';
end $$;
create trigger store_credit_entry_kept before update or delete on store_credit_entry
  for each row execute function keep_entry();

-- ---------------------------------------------------------------- claims

-- A parcel that did not arrive as it should have: what happened to which units, and what was decided.
create table claim (
  id             text primary key,
  order_id       text not null references orders,
  shipment_id    text not null references shipment,
  key            text not null unique,
  kind           text not null check (kind in ('return_to_sender', 'lost', 'damaged')),
  status         text not null check (status in ('open', 'received', 'refunded', 'reshipped', 'rejected')),
  note           text not null default '',
  opened_by      text not null,
  opened_at      timestamptz not null default now(),
  decided_by     text,
  decided_at     timestamptz,
  decision       text not null default '',
  -- What we ask of the carrier for it, in the currency of the order.
  carrier_status text not null default 'none' check (carrier_status in ('none', 'to_file', 'filed', 'paid', 'refused')),
  carrier_reference text,
  carrier_paid_minor bigint check (carrier_paid_minor >= 0)
);
create index claim_order on claim (order_id);
create index claim_status on claim (status, opened_at desc, id desc);
create index claim_carrier on claim (carrier_status) where carrier_status in ('to_file', 'filed');

create table claim_line (
  claim_id   text not null references claim,
  line_id    text not null,
  sku        text not null,
  quantity   integer not null check (quantity > 0),
  -- Of a parcel that came back: units that can be sold again, and units that cannot.
  restocked  integer not null default 0 check (restocked >= 0),
  damaged    integer not null default 0 check (damaged >= 0),
  primary key (claim_id, line_id),
  check (restocked + damaged <= quantity)
);
alter table refund add foreign key (claim_id) references claim;
