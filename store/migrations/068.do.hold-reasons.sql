-- Why a company's people put orders on hold, beside the built-in reasons of orders/order.ts. An order's hold names one
-- by its code (`ownReason`); a code stays for good.
create table hold_reason (
  company_id   text not null references company (id),
  code         text not null,
  label        text not null,
  -- What whoever finds such an order is to do.
  guidance     text not null,
  -- Roles whose members let such orders go, beside administrators. Null: everybody who may release orders.
  released_by  text[],
  -- Whether the order keeps the stock that nobody has begun to pick.
  keeps_stock  boolean not null,
  -- False: it is put on no more orders.
  active       boolean not null default true,
  created_at   timestamptz not null default now(),
  primary key (company_id, code)
);
