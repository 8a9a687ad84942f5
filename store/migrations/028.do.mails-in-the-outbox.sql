-- A mail to a shopper is an effect like any other: a row of the outbox, carried out by a relay of its own.
alter table outbox drop constraint outbox_topic_check;
alter table outbox add constraint outbox_topic_check
  check (topic in ('workflow.start', 'workflow.signal', 'mail.send'));

-- A mail waits for those of its order that come before it.
create index outbox_mails on outbox ((payload->>'orderId'), id) where done_at is null and topic = 'mail.send';
