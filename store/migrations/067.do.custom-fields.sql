-- A company's own fields. What each is of, its key, its type and whether it is personal data never change: see
-- orders/custom-fields/. Values of orders and lines are in the order's document, personal ones in its sealed part.
create table custom_field (
  company_id  text not null references company (id),
  -- order, order_line, product, location, return
  subject     text not null,
  key         text not null,
  label       text not null,
  -- text, number, boolean, date, choice
  type        text not null,
  choices     text[] not null default '{}',
  required    boolean not null,
  personal    boolean not null,
  -- The attribute of channels' orders or lines that is taken for it.
  attribute   text,
  -- False: it is retired.
  active      boolean not null default true,
  created_at  timestamptz not null default now(),
  primary key (company_id, subject, key)
);

create trigger custom_field_set after insert or update or delete on custom_field
  for each statement execute function tell_settings();

-- By the field's key.
alter table product add column custom_fields jsonb not null default '{}';
alter table location add column custom_fields jsonb not null default '{}';
alter table return_authorization add column custom_fields jsonb not null default '{}';

-- Lists go by what is in clear. Orders without any are not in it.
create index orders_custom_fields on orders using gin ((document->'customFields') jsonb_path_ops)
  where document ? 'customFields';
