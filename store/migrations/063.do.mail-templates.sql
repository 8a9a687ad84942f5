-- What people write in the place of the shipped text of a mail to the shopper. No row: the shipped text.
create table mail_template (
  company_id  text not null references company (id),
  -- A kind of notice, see orders/notices/notices.ts.
  kind        text not null,
  -- BCP 47 in lower case, `de` or `de-at`; `default` for everybody who has none of their own.
  language    text not null,
  subject     text not null,
  body        text not null,
  -- Null: made of the text.
  html        text,
  primary key (company_id, kind, language)
);
