/** The packing slip of one fulfillment order, as PDF. */
import type { Address } from "../../orders/address.ts";
import { readPackingSlipFacts } from "../../store/floor/packing-slip.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { DocumentPool } from "../documents/document-pool.ts";

/** @returns the page's bytes, or null where there is no such fulfillment order */
export async function printPackingSlip(
  database: Queryable,
  documents: DocumentPool,
  fulfillmentOrderId: string,
): Promise<Uint8Array | null> {
  const facts = await readPackingSlipFacts(database, fulfillmentOrderId);
  if (facts === null) return null;
  const { shopName, orderId, externalNumber, handlingUnit, lines } = facts;
  return documents.packingSlip({
    shopName,
    orderId,
    externalNumber,
    fulfillmentOrderId,
    handlingUnit,
    placedOn: facts.placedAt.toISOString().slice(0, 10),
    country: facts.to?.country ?? null,
    from: [facts.locationName, ...placeLines(facts.from)],
    to: facts.to === null ? ["No address"] : [facts.to.name, ...placeLines(facts.to)],
    lines,
  });
}

function placeLines(address: Address): readonly string[] {
  const town = [address.city, address.region, address.postalCode]
    .filter((part) => part !== undefined)
    .join(" ");
  return [address.line1, address.line2 ?? "", town, address.country].filter((part) => part !== "");
}
