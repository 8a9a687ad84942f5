-- What is charged for an order, by authorisation: an order may need several.

create table payment_authorization (
  -- Of the call that made it.
  key             text primary key,
  order_id        text not null references orders,
  provider        text not null,
  account         text not null,
  reference       text not null,
  currency        text not null,
  amount_minor    bigint not null check (amount_minor > 0),
  captured_minor  bigint not null default 0,
  refunded_minor  bigint not null default 0,
  -- open: something can still be captured. released: what was left went back. expired: the bank took it back.
  state           text not null check (state in ('open', 'captured', 'released', 'expired')),
  at              timestamptz not null default now(),
  check (captured_minor <= amount_minor),
  check (refunded_minor <= captured_minor)
);
create index payment_authorization_order on payment_authorization (order_id, at);

-- Until now an order had one authorisation, and its last capture gave the rest back.
insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor, captured_minor,
    refunded_minor, state, at)
  select coalesce((select t.key from payment_transaction t where t.order_id = p.order_id and t.type = 'authorization'
      and t.status = 'succeeded' order by t.at desc, t.key desc limit 1), p.order_id || ':authorize'),
    p.order_id, p.provider, p.account, p.reference, p.currency, p.authorized_minor, p.captured_minor, p.refunded_minor,
    case when p.status = 'voided' then 'released'
      when exists (select from payment_transaction t where t.order_id = p.order_id and t.type = 'capture'
        and t.status = 'succeeded' and t.detail = 'final') or p.captured_minor = p.authorized_minor then 'captured'
      else 'open' end,
    p.updated_at
  from payment p where p.authorized_minor > 0;

-- The payment provider takes multiples of it.
alter table payment add column step_minor bigint not null default 1 check (step_minor > 0);

alter table payment_transaction
  -- The authorisation that a capture, a void or a refund is of.
  add column authorization_key text references payment_authorization,
  -- What an authorisation is made with: a repeat uses it again, whatever the order has been given since.
  add column payment_method text;
alter table payment_transaction drop constraint payment_transaction_type_check;
-- cash: somebody else took the money for us, e.g. who brought the parcel. A correction of it may be negative.
alter table payment_transaction add constraint payment_transaction_type_check
  check (type in ('authorization', 'capture', 'void', 'refund', 'cash'));
update payment_transaction t set authorization_key = a.key
  from payment_authorization a where a.order_id = t.order_id and t.type <> 'authorization';

-- The means of payment that was given after capture; null: the document's.
alter table orders add column payment_method text;
