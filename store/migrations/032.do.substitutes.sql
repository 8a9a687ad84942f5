-- What may be sent in the place of a product that is nowhere to be had, the first choice first.
create table product_substitute (
  sku             text not null references product,
  position        integer not null check (position > 0),
  substitute_sku  text not null references product,
  primary key (sku, position),
  unique (sku, substitute_sku),
  check (sku <> substitute_sku)
);

-- Whether orders take substitutes that do not say so themselves.
alter table channel add column allow_substitutes boolean not null default false;

-- The line that the customer ordered and in whose place this one is sent.
alter table order_line
  add column substitute_for text,
  add constraint order_line_substitute_for foreign key (order_id, substitute_for) references order_line,
  add constraint order_line_not_itself check (substitute_for <> line_id);

-- Units of another product are sent in their place, on a line of their own.
alter table shortage add column substituted integer not null default 0 check (substituted >= 0);
alter table shortage drop constraint shortage_check;
alter table shortage add constraint shortage_settled
  check (resourced + awaited + cancelled + substituted <= quantity);
