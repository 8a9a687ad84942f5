-- Kits come as tables, too.
alter table import drop constraint import_kind_check;
alter table import add constraint import_kind_check
  check (kind in ('products', 'kits', 'stock', 'locations', 'orders', 'customers', 'returns'));
alter table import_mapping drop constraint import_mapping_kind_check;
alter table import_mapping add constraint import_mapping_kind_check
  check (kind in ('products', 'kits', 'stock', 'locations', 'orders', 'customers', 'returns'));

-- How a file with these columns writes its numbers and dates, as somebody has said; null: it is told from each file.
alter table import_mapping add column decimal text check (decimal in ('.', ',')),
  add column dates text check (dates in ('year', 'month', 'day'));
