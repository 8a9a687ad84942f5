/** What a thread of the document pool runs: one task, one document. Piscina calls the default export. */
import { drawPackingSlip, type PackingSlip } from "./packing-slip.ts";
import { drawQrCode } from "./qr-code.ts";

export type DocumentTask =
  | { readonly kind: "packing-slip"; readonly slip: PackingSlip }
  | { readonly kind: "qr-code"; readonly text: string };

export default function drawDocument(task: DocumentTask): Promise<Uint8Array> | Uint8Array {
  return task.kind === "packing-slip" ? drawPackingSlip(task.slip) : drawQrCode(task.text);
}
