-- Devices that are registered, trusted, and seen.

alter table device
  -- Switched off, it stays known: what it says is put aside, and it gets no work.
  add column enabled boolean not null default true,
  -- As mosquitto writes it, `$7$iterations$salt$hash`; null: it has no password, because its certificate
  -- says who it is, or because nobody has given it one yet.
  add column password_hash text,
  add column password_issued_at timestamptz;

-- The bridge reads the table again. What devices report of themselves (connection, state) tells nobody.
create function tell_devices_registered() returns trigger language plpgsql as $$
begin
  perform pg_notify('devices', '');
  return null;
end $$;

create trigger device_registered
  after insert or delete or update of location_id, kind, protocol, name, settings, enabled on device
  for each statement execute function tell_devices_registered();

alter table device_dead_letter
  -- The device that the topic names, where there is one.
  add column device_id text,
  -- Bytes of the message; the payload may be its beginning only.
  add column size integer not null default 0,
  -- Asked for by a person: the message is given to its handler again.
  add column retry_asked_at timestamptz,
  add column retry_asked_by text,
  add column retried_at timestamptz,
  -- `delivered`, or the code with which it failed again.
  add column retry_outcome text;

update device_dead_letter set size = octet_length(payload);
create index device_dead_letter_device on device_dead_letter (device_id, id);
create index device_dead_letter_code on device_dead_letter (code, id);
create index device_dead_letter_retry on device_dead_letter (id)
  where retry_asked_at is not null and retried_at is null;

-- What happened to devices: connections, errors, refused work, messages put aside. The newest are kept.
create table device_event (
  id        bigint generated always as identity primary key,
  -- Null: nobody that is registered.
  device_id text,
  kind      text not null,
  detail    text not null,
  -- How many of the same came within the second.
  count     integer not null default 1,
  at        timestamptz not null default now()
);
create index device_event_device on device_event (device_id, id);
