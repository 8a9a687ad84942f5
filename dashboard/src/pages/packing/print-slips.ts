import type { PackingSlipsBody } from "../../../../contract/fulfillment.ts";
import { postForFile } from "../../api/client.ts";
import { may } from "../../api/session.ts";

/** As many as the server draws into one document. */
export const MOST_SLIPS = 100;

/** How long the browser may take to save the file, in milliseconds. */
const SAVED_WITHIN_MS = 60_000;

/** Slips bear addresses: who neither packs nor sees those prints none. */
export function maySeeSlips(): boolean {
  return may("fulfillment.pack") || may("shipments.label") || may("personal-data.read");
}

/** Saves packing slips as one document. */
export async function printSlips(of: PackingSlipsBody): Promise<void> {
  const address = URL.createObjectURL(await postForFile("/packing-slips", of));
  const link = document.createElement("a");
  link.href = address;
  link.download = "packing-slips.pdf";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), SAVED_WITHIN_MS);
}
