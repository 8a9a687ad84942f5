-- How far one person alone may correct stock; no row: the standard.
create table stock_limit_setting (
  only_row        boolean primary key default true check (only_row),
  approval_units  integer not null check (approval_units >= 0)
);
