-- A company is a database of its own (ADR 0050).
do $$
declare
  companies constant text := (select string_agg(format('%s (%s)', name, id), ', ' order by id) from company);
begin
  if (select count(*) from company) > 1 then
    raise exception 'this database has several companies, and a database holds one: %', companies
      using errcode = 'HF001';
  end if;
end $$;

alter table company
  add column only_row boolean not null default true unique check (only_row),
  -- By which servers that several companies share (Temporal, the broker, Redis) tell them apart, whatever their names
  -- are. A backup keeps it.
  add column identity uuid not null default gen_random_uuid();
