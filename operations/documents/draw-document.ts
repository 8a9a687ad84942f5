/** What a thread of the document pool runs: one task, one document. Piscina calls the default export. */
import { drawPackingSlip, type PackingSlip } from "./packing-slip.ts";

export type DocumentTask = { readonly kind: "packing-slip"; readonly slip: PackingSlip };

export default function drawDocument(task: DocumentTask): Promise<Uint8Array> {
  return drawPackingSlip(task.slip);
}
