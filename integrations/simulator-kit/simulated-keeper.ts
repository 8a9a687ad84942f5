/**
 * A simulated vendor's warehouses that send for sellers, as tests and the sandbox handle them: what lies
 * there, and what it was asked to send. The wire format is the vendor's folder's.
 *
 * An order goes its way by the seller's clock: taken, worked on from `workMs` on, sent after `sendMs`, there
 * after `deliverMs`. It can be called off until it is worked on.
 */
export type SentOrder = {
  readonly key: string;
  readonly state: "taken" | "working" | "sent" | "cancelled" | "failed";
  readonly units: number;
};

export interface SimulatedKeeper {
  workMs: number;
  sendMs: number;
  deliverMs: number;
  /** Each item of an order is a package of its own. */
  splits: boolean;
  /** The account may make orders and not look at them. */
  isDenied: boolean;
  put(sku: string, quantity: number): void;
  /** What may be sold of it. */
  sellable(sku: string): number;
  /** What it was asked to send, and where that stands. */
  sent(): readonly SentOrder[];
  /** It finds that it cannot send an order after all. */
  fail(key: string): void;
  /** It finds that it cannot send one item of an order; the rest goes on. */
  failItem(key: string, item: string): void;
  /** Goods that are there and that its lists do not show. */
  readonly leftOut: Set<string>;
}
