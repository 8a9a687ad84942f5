/** What a thread of the document pool runs: one task, one document. Piscina calls the default export. */
import { drawPackingSlip, type PackingSlip } from "./packing-slip.ts";
import { drawReturnCode } from "./return-code.ts";

export type DocumentTask =
  | { readonly kind: "packing-slip"; readonly slip: PackingSlip }
  | { readonly kind: "return-code"; readonly code: string };

export default function drawDocument(task: DocumentTask): Promise<Uint8Array> | Uint8Array {
  return task.kind === "packing-slip" ? drawPackingSlip(task.slip) : drawReturnCode(task.code);
}
