/** Texts that people and carriers wrote about an order, and where they lie. */

/** Of the rows of the order `$1` in other tables. */
const RETURNS = "(select id from return_authorization where order_id = $1)";
const PARCELS = "(select tracking_number from shipment where order_id = $1)";

export type WrittenText = {
  readonly table: string;
  readonly column: string;
  /** A condition: which rows are the order's. */
  readonly rows: string;
  /** Whether it is kept under the order's key. What may be written before there is the order cannot be. */
  readonly isSealed: boolean;
};

export const WRITTEN_TEXTS: readonly WrittenText[] = [
  { table: "return_authorization", column: "comment", rows: "order_id = $1", isSealed: true },
  { table: "return_authorization", column: "decision", rows: "order_id = $1", isSealed: true },
  { table: "return_inspection", column: "note", rows: `return_id in ${RETURNS}`, isSealed: true },
  {
    table: "return_unknown_item",
    column: "note",
    rows: `coalesce(attached_return_id, return_id) in ${RETURNS}`,
    isSealed: false,
  },
  { table: "refund", column: "note", rows: "order_id = $1", isSealed: true },
  { table: "claim", column: "note", rows: "order_id = $1", isSealed: true },
  { table: "claim", column: "decision", rows: "order_id = $1", isSealed: true },
  { table: "collection", column: "arrival_note", rows: "order_id = $1", isSealed: true },
  { table: "tracking_report", column: "message", rows: `tracking_number in ${PARCELS}`, isSealed: true },
  { table: "tracking_report", column: "place", rows: `tracking_number in ${PARCELS}`, isSealed: true },
  {
    table: "channel_word",
    column: "reason",
    rows: "(channel_id, external_id) = (select channel_id, external_id from orders where id = $1)",
    isSealed: false,
  },
];
