/**
 * What Holdfast writes into an Ecwid order: the lines of its parcels, in extra fields. Ecwid itself knows one
 * tracking number and one status of the whole order. A field holds 255 characters, so a parcel of many lines
 * has several.
 */
import { objectAt, textAt } from "../../vendor-kit/vendor-json.ts";

const START = "holdfast_";
const MOST_CHARACTERS = 255;

type Units = readonly { readonly externalLineId: string; readonly quantity: number }[];

/** `holdfast_SH-7.1`: `901:2,902:1`. */
export function fieldsOf(shipmentId: string, lines: Units): Readonly<Record<string, string>> {
  const parts: string[] = [];
  for (const { externalLineId, quantity } of lines) {
    const entry = `${externalLineId}:${quantity}`;
    const last = parts.at(-1);
    if (last === undefined || last.length + entry.length + 1 > MOST_CHARACTERS) parts.push(entry);
    else parts[parts.length - 1] = `${last},${entry}`;
  }
  return Object.fromEntries(parts.map((part, index) => [`${START}${shipmentId}.${index + 1}`, part]));
}

export function isRecorded(order: unknown, shipmentId: string): boolean {
  return textAt(order, "extraFields", `${START}${shipmentId}.1`) !== "";
}

/** Units of a line in all parcels that Holdfast has told of. */
export function shippedByUs(order: unknown, lineId: string): number {
  const fields = Object.entries(objectAt(order, "extraFields") ?? {});
  return fields
    .filter(([name]) => name.startsWith(START))
    .flatMap(([, value]) => String(value).split(","))
    .map((entry) => /^(\d+):(\d{1,9})$/.exec(entry))
    .filter((match) => match?.[1] === lineId)
    .reduce((sum, match) => sum + Number(match?.[2]), 0);
}
