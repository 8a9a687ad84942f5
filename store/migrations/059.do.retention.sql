-- How long personal data is kept, by kind; no row: as config/limits.ts says.
create table retention_setting (
  only_row  boolean primary key default true check (only_row),
  -- Days by kind (store/settings/retention.ts); null: kept.
  days      jsonb not null
);

-- What is due next is found without looking at what is long gone.
create index orders_ended_payload on orders (updated_at) where status in ('completed', 'cancelled') and raw_payload <> '';
create index orders_ended_person on orders (updated_at)
  where status in ('completed', 'cancelled') and customer_name <> '(erased)';
create index shipment_label on shipment (created_at) where label_zpl <> '';
create index notification_recipient on notification (sent_at) where recipient <> '(erased)';
-- What a saga was told, by its order.
create index outbox_saga on outbox ((payload->>'workflowId')) where topic = 'workflow.signal';
