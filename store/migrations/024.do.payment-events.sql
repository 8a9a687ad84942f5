-- What payment providers tell of their own accord, and disputes.

-- Each webhook once, by the provider's id of it, whatever came of it.
create table payment_event (
  provider   text not null,
  account    text not null,
  event_id   text not null,
  type       text not null,
  -- The payment that it is about, and its order; null: none of ours.
  reference  text,
  order_id   text references orders,
  -- applied: our books have changed. unchanged: they said so already. unknown_payment: the payment is none of ours.
  -- ignored: nothing that we act on.
  outcome    text not null check (outcome in ('applied', 'unchanged', 'unknown_payment', 'ignored')),
  told_at    timestamptz not null,
  at         timestamptz not null default now(),
  primary key (provider, account, event_id)
);
create index payment_event_at on payment_event (at);

-- The customer's bank takes money back, or asks about it.
create table payment_dispute (
  provider           text not null,
  account            text not null,
  reference          text not null,
  order_id           text not null references orders,
  authorization_key  text not null references payment_authorization,
  currency           text not null,
  amount_minor       bigint not null check (amount_minor >= 0),
  reason             text not null,
  status             text not null check (status in ('open', 'won', 'lost')),
  respond_by         timestamptz,
  opened_at          timestamptz not null default now(),
  closed_at          timestamptz,
  primary key (provider, account, reference)
);
create index payment_dispute_order on payment_dispute (order_id);

create index payment_authorization_reference on payment_authorization (provider, account, reference);

-- at_provider: somebody has given money back at the payment provider, past us.
alter table refund drop constraint refund_reason_check;
alter table refund add constraint refund_reason_check check (reason in ('return', 'appeasement', 'goodwill', 'claim',
  'exchange_difference', 'cancellation', 'overpayment', 'at_provider'));
-- It was done, and the provider has said later that it failed: what was planned then stands.
alter table refund add column reopened_at timestamptz;
