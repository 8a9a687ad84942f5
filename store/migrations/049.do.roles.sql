-- What members of staff may do, by role: as it was shipped, or as people have set it.

create table role (
  id           text primary key,
  name         text not null,
  -- Null: what the role has as shipped, which only a built-in one has. What a later version adds is then its, too.
  permissions  text[],
  -- Where it may do so; null: everywhere.
  locations    text[],
  channels     text[],
  enabled      boolean not null default true,
  built_in     boolean not null default false,
  check (built_in or permissions is not null),
  -- Somebody has to be able to put right what others set.
  check (id <> 'admin' or (enabled and permissions is null and locations is null and channels is null))
);

insert into role (id, name, built_in) values
  ('admin', 'Administrator', true),
  ('operations', 'Operations', true),
  ('service', 'Customer service', true),
  ('warehouse', 'Warehouse', true),
  ('finance', 'Finance', true),
  ('store', 'Store', true);

create function keep_built_in_role() returns trigger language plpgsql as $$
begin
  if old.built_in then
    raise exception 'a built-in role stays' using errcode = 'integrity_constraint_violation';
  end if;
  return old;
end $$;
create trigger built_in_role_stays before delete on role for each row execute function keep_built_in_role();

alter table staff drop constraint staff_role_check;
alter table staff add constraint staff_role_known foreign key (role) references role (id);

-- Gateways look again at who is connected, and with which rights.
create function tell_access_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('access', '');
  return null;
end $$;
create trigger role_changed after update or delete on role
  for each statement execute function tell_access_changed();
create trigger staff_changed after update of role, disabled_at or delete on staff
  for each row execute function tell_access_changed();
create trigger staff_session_ended after delete on staff_session
  for each row execute function tell_access_changed();
create trigger api_key_changed after update of scopes, channel_id, secret_hash, revoked_at, expires_at or delete on api_key
  for each row execute function tell_access_changed();
