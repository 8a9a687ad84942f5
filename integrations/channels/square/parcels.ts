/**
 * Holdfast's parcels in a Square order: an entry each in the metadata of its fulfillment, by our number of the
 * parcel, with the units of each line by its place in the order: `0:2,3:1`. Square's own fulfillment is
 * completed as a whole.
 */
import { isObject, listAt, objectAt, textAt } from "../../vendor-kit/vendor-json.ts";

/** Square's bounds of metadata: keys of 60 characters, values of 255, ten entries. */
const MOST_TEXT = 255;
export const MOST_PARCELS = 9;
const KEY = /^parcel_/;

export type Parcel = {
  readonly shipmentId: string;
  readonly units: readonly { readonly index: number; readonly quantity: number }[];
};

export function parcelsIn(fulfillment: unknown): readonly Parcel[] {
  return Object.entries(objectAt(fulfillment, "metadata") ?? {})
    .filter(([key]) => KEY.test(key))
    .map(([key, text]) => ({
      shipmentId: key.replace(KEY, ""),
      units: textAt({ text }, "text")
        .split(",")
        .map((part) => /^(\d+):(\d+)$/.exec(part))
        .filter((match) => match !== null)
        .map((match) => ({ index: Number(match[1]), quantity: Number(match[2]) })),
    }));
}

/** The metadata with one parcel more. */
export function withParcel(fulfillment: unknown, parcel: Parcel): Readonly<Record<string, string>> {
  const known = objectAt(fulfillment, "metadata");
  const before = isObject(known)
    ? Object.fromEntries(Object.entries(known).map(([key, text]) => [key, textAt({ text }, "text")]))
    : {};
  const text = parcel.units.map(({ index, quantity }) => `${index}:${quantity}`).join(",");
  return { ...before, [keyOf(parcel.shipmentId)]: text.slice(0, MOST_TEXT) };
}

function keyOf(shipmentId: string): string {
  return `parcel_${shipmentId}`.slice(0, 60);
}

export function hasParcel(fulfillment: unknown, shipmentId: string): boolean {
  return parcelsIn(fulfillment).some((parcel) => keyOf(parcel.shipmentId) === keyOf(shipmentId));
}

/** Units of a line in all of our parcels. */
export function shippedByUs(order: unknown, index: number): number {
  return listAt(order, "fulfillments")
    .flatMap(parcelsIn)
    .flatMap(({ units }) => units)
    .filter((unit) => unit.index === index)
    .reduce((units, { quantity }) => units + quantity, 0);
}
