-- What each connected channel can be told of an order, as its connection says; null: it was not worked for yet.
alter table channel_progress add column tells text[];

-- Invoices that channels are told of, numbered without a gap over the whole company.
create table invoice_number (
  is_only boolean primary key default true check (is_only),
  last    bigint not null default 0
);
insert into invoice_number default values;

-- What one says is never changed. It stays when its order is archived: it is of the company's books.
create table invoice (
  number      text primary key,
  order_id    text not null,
  channel_id  text not null references channel,
  -- What it is about: a shipment, or what was handed over without one.
  part        text not null,
  currency    text not null,
  total_minor bigint not null,
  tax_minor   bigint not null,
  -- Its lines and other amounts, in minor units (orders/payment/invoicing.ts).
  amounts     jsonb not null,
  issued_at   timestamptz not null default now(),
  unique (order_id, part)
);
