/** Packing slips of fulfillment orders, as PDF. */
import { type Address, countryName, townLine } from "../../orders/address.ts";
import { readPackingSlipFacts } from "../../store/floor/packing-slip.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { DocumentPool } from "../documents/document-pool.ts";
import type { PackingSlip } from "../documents/packing-slip.ts";

/** @returns the bytes of a document with one after the other, or null where one of them is none */
export async function printPackingSlips(
  database: Queryable,
  documents: DocumentPool,
  fulfillmentOrderIds: readonly string[],
): Promise<Uint8Array | null> {
  const slips: PackingSlip[] = [];
  for (const id of fulfillmentOrderIds) {
    const facts = await readPackingSlipFacts(database, id);
    if (facts === null) return null;
    const { shopName, orderId, externalNumber, handlingUnit, placedOn, lines } = facts;
    slips.push({
      shopName,
      orderId,
      externalNumber,
      fulfillmentOrderId: id,
      handlingUnit,
      placedOn,
      country: facts.to?.country ?? null,
      from: [facts.locationName, ...placeLines(facts.from)],
      to: facts.to === null ? ["No address"] : [facts.to.name, ...placeLines(facts.to)],
      lines,
    });
  }
  return documents.packingSlips(slips);
}

function placeLines(address: Address): readonly string[] {
  const { line1, line2 = "", country } = address;
  return [line1, line2, townLine(address), countryName(country)].filter((part) => part !== "");
}
