-- Channels are made, changed and switched off while the system runs.

-- What a channel signs its webhooks with, sealed (config/secret-box.ts). While one is exchanged, both count.
create table channel_secret (
  id          bigint generated always as identity primary key,
  channel_id  text not null references channel,
  sealed      text not null,
  issued_at   timestamptz not null default now(),
  -- Until when it counts; null: it is the newest.
  expires_at  timestamptz
);
create unique index channel_secret_newest on channel_secret (channel_id) where expires_at is null;
create index channel_secret_channel on channel_secret (channel_id, expires_at);
-- `channel.webhook_secret` had them in clear text. A migration has no key: the first start seals what is there and
-- empties the column (store/catalog/channel-secrets.ts).

-- Webhooks of channels that had an effect: whoever sends their bytes again changes nothing.
create table channel_webhook (
  channel_id  text not null references channel,
  -- SHA-256 of what the signature covers: the body, and the id where it is signed.
  digest      bytea not null,
  -- The orders that it was about: [{order, externalId}].
  orders      jsonb not null,
  taken_at    timestamptz not null default now(),
  primary key (channel_id, digest)
);
create index channel_webhook_taken on channel_webhook (taken_at);

-- Who charges is the channel's setting. "As each order says" was given to every channel of our own format without anybody
-- having asked for it; it stays where a person has chosen it.
update channel set charged_by = 'merchant'
 where charged_by = 'order'
   and not exists (select from setting_change c, jsonb_array_elements(c.changes) as change
                    where c.subject = 'channel:' || channel.id and change->>'field' = 'chargedBy'
                      and change->>'to' = 'order');

-- Whether an order may say that it is paid at the door. Channels that there are have taken that so far.
alter table channel add column pay_on_delivery boolean not null default false;
update channel set pay_on_delivery = true;

-- Every process reads its copies of what is set again.
create function tell_settings() returns trigger language plpgsql as $$
begin
  perform pg_notify('settings', tg_table_name);
  return null;
end $$;

create trigger channel_set after insert or update or delete on channel
  for each statement execute function tell_settings();
