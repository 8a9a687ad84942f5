-- Who did what, from where: entries that are only added, each chained to the one before by a hash.

-- Position and hash of the last entry. Whoever adds one locks this row, so that entries follow each other.
create table audit_head (
  only_row  boolean primary key default true check (only_row),
  position  bigint not null,
  hash      text not null
);
insert into audit_head (position, hash) values (0, repeat('0', 64));

create table audit_entry (
  -- Without gaps, from 1: a number that is missing is an entry that was removed.
  position       bigint primary key check (position > 0),
  at             timestamptz not null,
  -- Null: nobody of a company did it, or nobody who is known.
  company_id     text,
  -- `staff:<id>`, `api-key:<id>`, `channel:<id>`, `shopper`, `public`, …
  acted_by       text not null,
  address        text,
  request_id     text,
  act            text not null,
  subject        text not null,
  -- As they were written, byte for byte: the hash is made of them.
  before         json,
  after          json,
  previous_hash  text not null,
  hash           text not null
);
create index audit_entry_by on audit_entry (acted_by, position);
create index audit_entry_act on audit_entry (act, position);
create index audit_entry_subject on audit_entry (subject, position);
create index audit_entry_at on audit_entry (at);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'entries of the audit log are neither changed nor removed' using errcode = 'insufficient_privilege';
end $$;

create trigger audit_entry_stays before update or delete or truncate on audit_entry
  for each statement execute function refuse_audit_change();
create trigger audit_head_stays before delete or truncate on audit_head
  for each statement execute function refuse_audit_change();

create function refuse_audit_rewind() returns trigger language plpgsql as $$
begin
  if new.position <= old.position then
    raise exception 'the audit log does not go back' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger audit_head_advances before update on audit_head
  for each row execute function refuse_audit_rewind();
