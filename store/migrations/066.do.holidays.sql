-- Days on which locations do not work, kept once for many of them. Each location may have more of its own
-- (`location.closed_on`).
create table holiday (
  company_id  text not null references company (id),
  day         date not null,
  name        text not null,
  -- Null: all locations of the company.
  locations   text[],
  primary key (company_id, day, name)
);

create trigger holiday_set after insert or update or delete on holiday
  for each statement execute function tell_settings();
