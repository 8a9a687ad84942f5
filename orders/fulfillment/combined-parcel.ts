/**
 * Fulfillment orders of several orders that leave in one parcel.
 *
 * Owns who may leave together, and who has to leave on its own after all. What a parcel may weigh is said by
 * whoever asks. Nothing else of the orders becomes one: each keeps its number, lines, money and channel (ADR
 * 0029).
 */
import type { Address } from "../address.ts";
import {
  type FloorStage,
  type FulfillmentOrderStatus,
  isEnded,
  notBegun,
  stopsOrder,
} from "../fulfillment-order.ts";
import type { HoldReason, OrderDocument, OrderStatus } from "../order.ts";

/** A fulfillment order with what counts of its order. */
export type Companion = {
  readonly id: string;
  readonly orderId: string;
  readonly locationId: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  readonly orderStatus: OrderStatus;
  readonly holdReasons: readonly HoldReason[];
  readonly document: Pick<
    OrderDocument,
    "companyId" | "channelId" | "currency" | "customer" | "shippingAddress" | "delivery" | "paymentBy"
  >;
  /** What it brings into the parcel. */
  readonly goods: readonly { readonly sku: string; readonly quantity: number }[];
};

export type CombineRefusalCode =
  | "combine_other_company"
  | "combine_other_currency"
  | "combine_other_customer"
  | "combine_other_address"
  | "combine_other_location"
  | "combine_same_order"
  | "combine_no_parcel"
  | "combine_on_hold"
  | "combine_begun";

type CombineRefusal = { readonly code: CombineRefusalCode; readonly detail: string };

/** Why these cannot leave in one parcel, `null` where they can. The first reason counts, in the order of this file. */
export function whyNotCombined(companions: readonly Companion[]): CombineRefusal | null {
  const [first, ...others] = companions;
  if (first === undefined) return null;
  for (const part of companions) {
    const alone = whyNotAtAll(part);
    if (alone !== null) return alone;
  }
  for (const [index, part] of others.entries()) {
    const different = differenceOf(first, part);
    if (different !== null) return different;
    if (companions.slice(0, index + 1).some(({ orderId }) => orderId === part.orderId))
      return {
        code: "combine_same_order",
        detail: `${part.id} is of an order that is named already, ${part.orderId}: merge its fulfillment orders.`,
      };
  }
  return null;
}

/** Whether an order may share a parcel at all: its carrier brings it and collects nothing. */
export function mayShareParcel({ delivery, paymentBy }: Companion["document"]): boolean {
  return (delivery?.method ?? "parcel") === "parcel" && paymentBy !== "on_delivery";
}

/**
 * As many of the candidates as can leave in one parcel with this one, and with each other; the first have it.
 *
 * @param fits whether one parcel may weigh as much as these
 */
export function companionsFor<C extends Companion>(
  part: Companion,
  candidates: readonly C[],
  most: number,
  fits: (together: readonly Companion[]) => boolean,
): readonly C[] {
  const chosen: C[] = [];
  for (const candidate of candidates) {
    const together = [part, ...chosen, candidate];
    if (chosen.length < most && whyNotCombined(together) === null && fits(together)) chosen.push(candidate);
  }
  return chosen;
}

/** Who has to leave on its own because the others fill the parcel; the first have it. */
export function tooMuchFor<C extends Companion>(
  companions: readonly C[],
  fits: (together: readonly C[]) => boolean,
): readonly C[] {
  const staying: C[] = [];
  for (const companion of companions) if (fits([...staying, companion])) staying.push(companion);
  return companions.filter((companion) => !staying.includes(companion));
}

function whyNotAtAll(part: Companion): CombineRefusal | null {
  const { id, orderId, document } = part;
  const method = document.delivery?.method ?? "parcel";
  if (method !== "parcel")
    return { code: "combine_no_parcel", detail: `${orderId} does not go by a carrier (${method}).` };
  // The carrier collects the sum of one order.
  if (document.paymentBy === "on_delivery")
    return { code: "combine_no_parcel", detail: `${orderId} is paid when its own parcel arrives.` };
  if (document.shippingAddress === null)
    return { code: "combine_other_address", detail: `${orderId} has no shipping address.` };
  if (isOver(part)) return { code: "combine_begun", detail: `${orderId} is ${part.orderStatus}.` };
  if (isEnded(part.status) || !notBegun(part))
    return { code: "combine_begun", detail: `${id} is ${part.status} (${part.stage}): its pick has begun.` };
  const held = whyHeld(part);
  return held === null ? null : { code: "combine_on_hold", detail: `${id} cannot go on: ${held}.` };
}

function differenceOf(a: Companion, b: Companion): CombineRefusal | null {
  const [one, other] = [a.document, b.document];
  const both = `${a.id} and ${b.id}`;
  if (one.companyId !== other.companyId)
    return { code: "combine_other_company", detail: `${both} are of different companies.` };
  if (!isSameCustomer(one, other))
    return { code: "combine_other_customer", detail: `${both} are not known to be of one customer.` };
  if (!isSameAddress(one.shippingAddress, other.shippingAddress))
    return { code: "combine_other_address", detail: `${both} go to different addresses.` };
  if (a.locationId !== b.locationId)
    return {
      code: "combine_other_location",
      detail: `${both} leave from ${a.locationId} and ${b.locationId}.`,
    };
  // One customs declaration has one currency.
  return one.currency === other.currency
    ? null
    : { code: "combine_other_currency", detail: `${both} are in ${one.currency} and ${other.currency}.` };
}

/**
 * Why this one cannot stay in the parcel that was agreed, in words; `null` where it can. It may be at any
 * stage of the floor: what is in a parcel is decided when its label is bought.
 */
export function whyLeavesAlone(
  parcel: { readonly locationId: string; readonly address: Address },
  part: Companion,
): string | null {
  if (isEnded(part.status)) return `it is ${part.status}`;
  if (isOver(part)) return `its order is ${part.orderStatus}`;
  if (part.locationId !== parcel.locationId) return `it leaves from ${part.locationId}`;
  if ((part.document.delivery?.method ?? "parcel") !== "parcel")
    return "its order goes by no carrier any more";
  if (!isSameAddress(part.document.shippingAddress, parcel.address)) return "its order goes elsewhere";
  return whyHeld(part);
}

function isOver({ orderStatus }: Companion): boolean {
  return orderStatus === "cancelled" || orderStatus === "completed";
}

function whyHeld({ status, holdReasons }: Companion): string | null {
  if (status === "scheduled") return "it is put off to a later day";
  if (status === "on_hold" || holdReasons.some(stopsOrder)) return "it is on hold";
  return null;
}

type Buyer = Pick<Companion["document"], "channelId" | "customer">;

/** By the channel's own number of the customer, else by mail address. A name alone proves nothing. */
export function isSameCustomer(a: Buyer, b: Buyer): boolean {
  const [one, other] = [a.customer.externalId, b.customer.externalId];
  if (a.channelId === b.channelId && one !== undefined && other !== undefined) return one === other;
  const email = plain(a.customer.email);
  return email !== "" && email === plain(b.customer.email);
}

/** As a carrier reads it: capitals and spaces do not matter, nor does whom the driver may call. */
export function isSameAddress(a: Address | null, b: Address | null): boolean {
  if (a === null || b === null) return false;
  const fields = ["name", "company", "line1", "line2", "city", "region", "postalCode", "country"] as const;
  return fields.every((field) => plain(a[field]) === plain(b[field]));
}

function plain(text: string | undefined): string {
  return (text ?? "").trim().replace(/\s+/g, " ").toLowerCase();
}
