/** What a thread of the document pool runs: one task, one document. Piscina calls the default export. */
import { drawInvoice, type InvoicePage } from "./invoice.ts";
import { drawPackingSlips, type PackingSlip } from "./packing-slip.ts";
import { drawQrCode } from "./qr-code.ts";

export type DocumentTask =
  | { readonly kind: "packing-slips"; readonly slips: readonly PackingSlip[] }
  | { readonly kind: "invoice"; readonly page: InvoicePage }
  | { readonly kind: "qr-code"; readonly text: string };

export default function drawDocument(task: DocumentTask): Promise<Uint8Array> | Uint8Array {
  switch (task.kind) {
    case "packing-slips":
      return drawPackingSlips(task.slips);
    case "invoice":
      return drawInvoice(task.page);
    case "qr-code":
      return drawQrCode(task.text);
  }
}
