/**
 * Draws documents on threads of their own (ADR 0003): a page takes milliseconds, too long for the thread that
 * serves sockets. The pool starts its first thread with the first document and ends idle ones.
 */
import { join } from "node:path";
import { Piscina } from "piscina";
import { projectRoot } from "../../config/project-root.ts";
import { DocumentsBusyError } from "./documents-busy.ts";
import type { DocumentTask } from "./draw-document.ts";
import type { InvoicePage } from "./invoice.ts";
import type { PackingSlip } from "./packing-slip.ts";

/** Documents that may wait. Beyond it they are refused, so that nobody waits for minutes. */
const MAX_QUEUED_DOCUMENTS = 500;

/** How long an idle thread is kept, in milliseconds. */
const IDLE_TIMEOUT_MS = 30_000;

export type DocumentPool = {
  /** @returns PDF bytes. Rejects with `DocumentsBusyError` where the queue is full. */
  packingSlips(slips: readonly PackingSlip[]): Promise<Uint8Array>;
  /** @returns PDF bytes. Rejects with `DocumentsBusyError` where the queue is full. */
  invoice(page: InvoicePage): Promise<Uint8Array<ArrayBuffer>>;
  /** @returns the bytes of an SVG. Rejects with `DocumentsBusyError` where the queue is full. */
  qrCode(text: string): Promise<Uint8Array>;
  close(): Promise<void>;
};

export function createDocumentPool(maxQueued = MAX_QUEUED_DOCUMENTS): DocumentPool {
  const pool = new Piscina<DocumentTask, Uint8Array<ArrayBuffer>>({
    filename: join(projectRoot, "dist", "operations", "documents", "draw-document.js"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
  const draw = async (task: DocumentTask): Promise<Uint8Array<ArrayBuffer>> => {
    if (pool.queueSize >= maxQueued) throw new DocumentsBusyError();
    return pool.run(task);
  };
  return {
    packingSlips: (slips) => draw({ kind: "packing-slips", slips }),
    invoice: (page) => draw({ kind: "invoice", page }),
    qrCode: (text) => draw({ kind: "qr-code", text }),
    close: () => pool.close(),
  };
}
