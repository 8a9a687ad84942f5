/**
 * Draws documents on threads of their own (ADR 0003): a page takes milliseconds, too long for the thread that
 * serves sockets. The pool starts its first thread with the first document and ends idle ones.
 */
import { join } from "node:path";
import { Piscina } from "piscina";
import { projectRoot } from "../../config/project-root.ts";
import type { DocumentTask } from "./draw-document.ts";
import type { PackingSlip } from "./packing-slip.ts";

/** Documents that may wait. Beyond it a request is refused, so that it does not wait for minutes. */
const MAX_QUEUED_DOCUMENTS = 500;

/** How long an idle thread is kept, in milliseconds. */
const IDLE_TIMEOUT_MS = 30_000;

export type DocumentPool = {
  /** @returns PDF bytes. Rejects where the queue is full. */
  packingSlip(slip: PackingSlip): Promise<Uint8Array>;
  /** @returns the bytes of an SVG. Rejects where the queue is full. */
  returnCode(code: string): Promise<Uint8Array>;
  close(): Promise<void>;
};

export function createDocumentPool(): DocumentPool {
  const pool = new Piscina<DocumentTask, Uint8Array>({
    filename: join(projectRoot, "dist", "operations", "documents", "draw-document.js"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_TIMEOUT_MS,
    maxQueue: MAX_QUEUED_DOCUMENTS,
  });
  return {
    packingSlip: (slip) => pool.run({ kind: "packing-slip", slip }),
    returnCode: (code) => pool.run({ kind: "return-code", code }),
    close: () => pool.close(),
  };
}
