-- What columns of a file stand for, as somebody has said and kept it: it counts for files with the same columns.
create table import_mapping (
  id          text primary key,
  company_id  text not null references company (id),
  name        text not null,
  kind        text not null check (kind in ('products', 'stock', 'locations', 'orders', 'customers', 'returns')),
  columns     jsonb not null,
  fields      jsonb not null,
  created_by  text not null,
  created_at  timestamptz not null default now(),
  unique (company_id, name)
);
