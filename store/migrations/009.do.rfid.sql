-- What a device can be told about itself; of a portal: its light barrier, its antennas' threshold.
alter table device add column settings jsonb not null default '{}';

-- Whether units bear an RFID tag. Goods of metal or liquid do not; a portal takes them as picked.
alter table product add column tagged boolean not null default true;
-- A portal asks whether a tag's GTIN is one of ours.
create index product_gtin on product (gtin);

-- Units that a portal saw packed, by the serial on their tag: the same unit cannot leave the building twice.
create table packed_unit (
  sku                   text not null references product,
  serial                text not null,
  fulfillment_order_id  text not null references fulfillment_order,
  packed_at             timestamptz not null default now(),
  primary key (sku, serial)
);
