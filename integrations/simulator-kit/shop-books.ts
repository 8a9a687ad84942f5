/**
 * The books of a simulated shop: what is on sale, who bought what, what was shipped, cancelled and given
 * back.
 *
 * Owns what is alike at all channels. A vendor's simulator writes these books down in the vendor's format,
 * and changes them by what it is told over the vendor's API.
 *
 * B1 A shop sells only what it believes to have; what is cancelled before it is shipped is on sale again.
 * B2 Of a line, no more is shipped or cancelled than was bought, and of an order no more given back than
 *    paid.
 * B3 Each change moves the order's `modifiedMs`, and is told to `onChange` afterwards.
 */
import type { OrderAtChannel } from "../../ports/channel-connection.ts";
import type { SimulatedListing } from "./channel-simulator.ts";
import { type PlannedLine, type PlannedOrder, taxOf } from "./planned-order.ts";

const CURRENCY = "USD";

export type ShopLine = {
  readonly id: string;
  readonly planned: PlannedLine;
  /** As it is now: an edit changes it. */
  quantity: number;
  shipped: number;
  cancelled: number;
};

export type ShopParcel = {
  readonly id: string;
  readonly atMs: number;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  /** The vendor's own fields, e.g. a note or a service. */
  readonly extra: Readonly<Record<string, string>>;
};

export type ShopRefund = {
  readonly id: string;
  readonly atMs: number;
  readonly minor: number;
  readonly reason: string;
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly extra: Readonly<Record<string, string>>;
};

export type ShopOrder = {
  readonly id: string;
  readonly planned: PlannedOrder;
  readonly createdMs: number;
  modifiedMs: number;
  isCancelled: boolean;
  isHeld: boolean;
  readonly lines: ShopLine[];
  readonly parcels: ShopParcel[];
  readonly refunds: ShopRefund[];
  /** The vendor's own state, e.g. whether the order was acknowledged. */
  readonly extra: Map<string, string>;
};

export type ShopListing = SimulatedListing & { readonly id: string; readonly variantId: string };

export type ShopChange = "created" | "updated" | "cancelled" | "refunded" | "shipped";

export type ShopBooksOptions = {
  readonly now: () => number;
  readonly onChange?: (order: ShopOrder, change: ShopChange) => void;
  readonly onStock?: (listing: ShopListing) => void;
  /** Ids are counted from here on; absent: 1000. */
  readonly firstId?: number;
};

type Quantities = readonly { readonly lineId: string; readonly quantity: number }[];

export class ShopBooks {
  private readonly listings = new Map<string, ShopListing>();
  private readonly all = new Map<string, ShopOrder>();
  private readonly options: ShopBooksOptions;
  private lastId: number;

  constructor(options: ShopBooksOptions) {
    this.options = options;
    this.lastId = options.firstId ?? 1_000;
  }

  /** All of it, as JSON takes it. */
  snapshot(): unknown {
    return {
      lastId: this.lastId,
      listings: [...this.listings.values()],
      orders: [...this.all.values()].map((order) => ({ ...order, extra: [...order.extra] })),
    };
  }

  /** @param kept what `snapshot` gave */
  restore(kept: unknown): void {
    const state = kept as {
      readonly lastId: number;
      readonly listings: readonly ShopListing[];
      readonly orders: readonly (Omit<ShopOrder, "extra"> & { readonly extra: [string, string][] })[];
    };
    this.lastId = state.lastId;
    for (const listing of state.listings) this.listings.set(listing.channelSku, listing);
    for (const order of state.orders) {
      const planned = { ...order.planned, placedAt: new Date(order.planned.placedAt) };
      this.all.set(order.id, { ...order, planned, extra: new Map(order.extra) });
    }
  }

  nextId(): string {
    this.lastId += 1;
    return String(this.lastId);
  }

  list(listing: SimulatedListing): void {
    const known = this.listings.get(listing.channelSku);
    const ids = known ?? { id: this.nextId(), variantId: this.nextId() };
    this.listings.set(listing.channelSku, { ...listing, id: ids.id, variantId: ids.variantId });
  }

  /** In the order in which they were put on sale. */
  onSale(): readonly ShopListing[] {
    return [...this.listings.values()];
  }

  listing(channelSku: string): ShopListing | undefined {
    return this.listings.get(channelSku);
  }

  /** False: nothing such is on sale. */
  setStock(channelSku: string, quantity: number): boolean {
    const known = this.listings.get(channelSku);
    if (known === undefined) return false;
    const changed = { ...known, quantity };
    this.listings.set(channelSku, changed);
    this.options.onStock?.(changed);
    return true;
  }

  levels(): ReadonlyMap<string, number> {
    return new Map([...this.listings.values()].map(({ channelSku, quantity }) => [channelSku, quantity]));
  }

  orders(): readonly ShopOrder[] {
    return [...this.all.values()];
  }

  find(id: string): ShopOrder | undefined {
    return this.all.get(id);
  }

  place(planned: PlannedOrder): ShopOrder | null {
    const wanted = new Map<string, number>();
    for (const line of planned.lines)
      if (line.kind !== "tip")
        wanted.set(line.channelSku, (wanted.get(line.channelSku) ?? 0) + line.quantity);
    for (const [sku, quantity] of wanted) if ((this.listings.get(sku)?.quantity ?? 0) < quantity) return null;
    for (const [sku, quantity] of wanted) this.restock(sku, -quantity);
    const nowMs = this.options.now();
    const order: ShopOrder = {
      id: this.nextId(),
      planned,
      createdMs: nowMs,
      modifiedMs: nowMs,
      isCancelled: false,
      isHeld: false,
      lines: planned.lines.map((line) => ({
        id: this.nextId(),
        planned: line,
        quantity: line.quantity,
        shipped: 0,
        cancelled: 0,
      })),
      parcels: [],
      refunds: [],
      extra: new Map(),
    };
    this.all.set(order.id, order);
    this.options.onChange?.(order, "created");
    return order;
  }

  /** All that is not shipped. False: the order is cancelled, or something has left. */
  cancel(id: string): boolean {
    const order = this.all.get(id);
    if (order === undefined || order.isCancelled || order.lines.some((line) => line.shipped > 0))
      return false;
    this.takeOff(
      order,
      order.lines.map((line) => ({ lineId: line.id, quantity: openOf(line) })),
    );
    order.isCancelled = true;
    this.changed(order, "cancelled");
    return true;
  }

  /** Of single lines. False: one of them has not so many units open. */
  cancelLines(order: ShopOrder, lines: Quantities): boolean {
    if (!this.areOpen(order, lines)) return false;
    this.takeOff(order, lines);
    if (order.lines.every((line) => line.cancelled === line.quantity)) order.isCancelled = true;
    this.changed(order, order.isCancelled ? "cancelled" : "updated");
    return true;
  }

  /** The shopper buys more or less of a line. @param index of the line, from 0 */
  edit(id: string, index: number, quantity: number): boolean {
    const order = this.all.get(id);
    const line = order?.lines[index];
    if (order === undefined || line === undefined || order.isCancelled || quantity < line.shipped)
      return false;
    const more = quantity - line.quantity;
    if (more > (this.listings.get(line.planned.channelSku)?.quantity ?? 0)) return false;
    this.restock(line.planned.channelSku, -more);
    line.quantity = quantity;
    this.changed(order, "updated");
    return true;
  }

  /** Null: it is more than was paid, or than is left of it. */
  refund(
    order: ShopOrder,
    refund: Pick<ShopRefund, "minor" | "reason"> & Partial<Pick<ShopRefund, "lines" | "extra">>,
  ): ShopRefund | null {
    if (refund.minor <= 0 || refundedOf(order) + refund.minor > totalOf(order)) return null;
    const made: ShopRefund = {
      id: this.nextId(),
      atMs: this.options.now(),
      lines: [],
      extra: {},
      ...refund,
    };
    order.refunds.push(made);
    this.changed(order, "refunded");
    return made;
  }

  /** Null: the order is cancelled, or a line has not so many units open. */
  ship(
    order: ShopOrder,
    parcel: Omit<ShopParcel, "id" | "atMs" | "extra"> & Partial<Pick<ShopParcel, "atMs" | "extra">>,
  ): ShopParcel | null {
    if (order.isCancelled || !this.areOpen(order, parcel.lines)) return null;
    const made: ShopParcel = { id: this.nextId(), atMs: this.options.now(), extra: {}, ...parcel };
    for (const { lineId, quantity } of parcel.lines) lineOf(order, lineId).shipped += quantity;
    order.parcels.push(made);
    this.changed(order, "shipped");
    return made;
  }

  /** After a change that the vendor's simulator made itself. */
  changed(order: ShopOrder, change: ShopChange): void {
    order.modifiedMs = this.options.now();
    this.options.onChange?.(order, change);
  }

  books(): readonly OrderAtChannel[] {
    return this.orders().map(atChannel);
  }

  private areOpen(order: ShopOrder, lines: Quantities): boolean {
    return lines.every(({ lineId, quantity }) => {
      const line = order.lines.find(({ id }) => id === lineId);
      return line !== undefined && quantity >= 0 && quantity <= openOf(line);
    });
  }

  private takeOff(order: ShopOrder, lines: Quantities): void {
    for (const { lineId, quantity } of lines) {
      const line = lineOf(order, lineId);
      line.cancelled += quantity;
      this.restock(line.planned.channelSku, quantity);
    }
  }

  private restock(channelSku: string, quantity: number): void {
    const known = this.listings.get(channelSku);
    if (known !== undefined) this.listings.set(channelSku, { ...known, quantity: known.quantity + quantity });
  }
}

function lineOf(order: ShopOrder, lineId: string): ShopLine {
  const line = order.lines.find(({ id }) => id === lineId);
  if (line === undefined) throw new Error(`order ${order.id} has no line ${lineId}`);
  return line;
}

/** Units that are neither shipped nor cancelled. */
export function openOf(line: ShopLine): number {
  return line.quantity - line.shipped - line.cancelled;
}

/** Tax of a line as it is now, cents. */
export function lineTax(order: ShopOrder, line: ShopLine): number {
  return taxOf(order.planned, { ...line.planned, quantity: line.quantity });
}

/** What the order costs as it is now, with shipping and tax, cents. */
export function totalOf(order: ShopOrder): number {
  return order.lines.reduce(
    (sum, line) => sum + line.planned.priceMinor * line.quantity + lineTax(order, line),
    order.planned.shippingMinor,
  );
}

export function refundedOf(order: ShopOrder): number {
  return order.refunds.reduce((sum, { minor }) => sum + minor, 0);
}

export function isComplete(order: ShopOrder): boolean {
  return !order.isCancelled && order.lines.every((line) => openOf(line) === 0);
}

function atChannel(order: ShopOrder): OrderAtChannel {
  const money = (minor: number) => ({ minor, currency: CURRENCY, exponent: 2 });
  return {
    externalId: order.id,
    state: order.isCancelled ? "cancelled" : isComplete(order) ? "complete" : "open",
    total: money(totalOf(order)),
    refunded: money(refundedOf(order)),
    lines: order.lines.map((line) => ({
      externalLineId: line.id,
      channelSku: line.planned.channelSku,
      quantity: line.quantity,
      shipped: line.shipped,
      cancelled: line.cancelled,
    })),
  };
}
