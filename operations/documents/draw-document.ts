/** What a thread of the document pool runs: one task, one document. Piscina calls the default export. */
import { drawPackingSlips, type PackingSlip } from "./packing-slip.ts";
import { drawQrCode } from "./qr-code.ts";

export type DocumentTask =
  | { readonly kind: "packing-slips"; readonly slips: readonly PackingSlip[] }
  | { readonly kind: "qr-code"; readonly text: string };

export default function drawDocument(task: DocumentTask): Promise<Uint8Array> | Uint8Array {
  return task.kind === "packing-slips" ? drawPackingSlips(task.slips) : drawQrCode(task.text);
}
