/**
 * The logs of all clients together: what is known last of each operation, and what stock must be if all of it
 * is true.
 *
 * Reads the log files as they grow. Owns the rules of what an answer means; leaves the comparison to
 * `audit.ts`.
 *
 * H1 `applied` and a refusal are final: a repeat with the same id gets the same answer.
 * H2 `fail` promises that nothing was done, `unknown` promises nothing at all. Both are open until the client
 *    asks again.
 */
import { closeSync, openSync, readSync } from "node:fs";
import type { LogEvent, Operation, StockOperation } from "./operation-log.ts";

type Verdict =
  /** Asked, not answered yet. */
  | { readonly kind: "open" }
  | { readonly kind: "applied" }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "nothing-done" }
  | { readonly kind: "unknown" };

export type Told = { readonly operation: Operation; verdict: Verdict };

/** Buckets of one SKU over all locations, by the clients' logs. */
export type ExpectedStock = { onHand: number; reserved: number; allocated: number };

const CHUNK_BYTES = 1 << 20;

/** Refusals that are not remembered: when it is asked again, the operation is tried anew. */
const isRevocable = ({ kind }: Operation): boolean => kind === "order" || kind.startsWith("lane-");

export class History {
  readonly operations = new Map<string, Told>();
  /** Final answers that a repeat contradicted. */
  readonly contradictions: string[] = [];
  private readonly files: readonly string[];
  private readonly offsets = new Map<string, number>();
  private readonly rests = new Map<string, string>();
  private readonly messages = new Map<string, readonly Operation[]>();
  private latestExpiryMs = 0;
  private answers = 0;

  constructor(files: readonly string[]) {
    this.files = files;
  }

  get acknowledged(): number {
    return this.answers;
  }

  /** When the last of the holds that end by themselves has ended. */
  get allExpiredAtMs(): number {
    return this.latestExpiryMs;
  }

  /** Reads what was written since the last time. */
  read(): void {
    for (const file of this.files) {
      const descriptor = openSync(file, "r");
      try {
        const chunk = Buffer.alloc(CHUNK_BYTES);
        for (;;) {
          const offset = this.offsets.get(file) ?? 0;
          const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, offset);
          if (length === 0) break;
          this.offsets.set(file, offset + length);
          const lines = ((this.rests.get(file) ?? "") + chunk.toString("utf8", 0, length)).split("\n");
          this.rests.set(file, lines.pop() ?? "");
          for (const line of lines) this.take(JSON.parse(line) as LogEvent);
        }
      } finally {
        closeSync(descriptor);
      }
    }
  }

  /** What stock must be once every hold that ends by itself has ended. */
  expectedStock(): ReadonlyMap<string, ExpectedStock> {
    const stock = new Map<string, ExpectedStock>();
    const of = (sku: string): ExpectedStock => {
      let found = stock.get(sku);
      if (found === undefined) {
        found = { onHand: 0, reserved: 0, allocated: 0 };
        stock.set(sku, found);
      }
      return found;
    };
    for (const { operation, verdict } of this.operations.values()) {
      if (verdict.kind !== "applied") continue;
      if (operation.kind === "order") {
        for (const line of operation.lines) of(line.sku).reserved += line.quantity;
      } else apply(of(operation.sku), operation);
    }
    return stock;
  }

  private take(event: LogEvent): void {
    if (event.event === "invoke") {
      this.messages.set(event.message, event.operations);
      for (const operation of event.operations) {
        this.noteExpiry(operation, event.atMs);
        if (!this.operations.has(operation.id)) {
          this.operations.set(operation.id, { operation, verdict: { kind: "open" } });
        }
      }
      return;
    }
    const operations = this.messages.get(event.message) ?? [];
    this.messages.delete(event.message);
    for (const [index, operation] of operations.entries()) {
      if (event.event === "ok") {
        this.noteExpiry(operation, event.atMs);
        this.answer(operation, event.results[index] ?? "no_result");
      } else this.leaveOpen(operation, event.event === "fail" ? "nothing-done" : "unknown");
    }
  }

  private noteExpiry(operation: Operation, atMs: number): void {
    if (operation.kind === "order") return;
    const { expiresAtMs, expiresInMs } = operation;
    const latest = expiresInMs > 0 ? atMs + expiresInMs : expiresAtMs;
    this.latestExpiryMs = Math.max(this.latestExpiryMs, latest);
  }

  private answer(operation: Operation, result: string): void {
    const told = this.operations.get(operation.id);
    if (told === undefined) return;
    this.answers += 1;
    const before = told.verdict;
    const after: Verdict = result === "applied" ? { kind: "applied" } : { kind: "refused", code: result };
    const contradicts =
      (before.kind === "applied" && after.kind !== "applied") ||
      (before.kind === "refused" &&
        !isRevocable(operation) &&
        (after.kind !== "refused" || after.code !== before.code));
    if (contradicts) {
      const first = before.kind === "refused" ? before.code : before.kind;
      this.contradictions.push(`${operation.id}: first ${first}, then ${result}`);
      return;
    }
    told.verdict = after;
  }

  /** What is known for certain stays known. */
  private leaveOpen(operation: Operation, kind: "nothing-done" | "unknown"): void {
    const told = this.operations.get(operation.id);
    if (told === undefined) return;
    const { verdict } = told;
    if (verdict.kind === "applied" || verdict.kind === "unknown") return;
    if (verdict.kind === "refused" && (kind === "nothing-done" || !isRevocable(operation))) return;
    told.verdict = { kind };
  }
}

function apply(stock: ExpectedStock, operation: StockOperation): void {
  const { quantity, expiresAtMs, expiresInMs } = operation;
  switch (operation.kind) {
    case "receive":
      stock.onHand += quantity;
      return;
    case "reserve":
    case "lane-reserve":
      if (expiresAtMs === 0 && expiresInMs === 0) stock.reserved += quantity;
      return;
    case "release":
    case "lane-release":
      stock.reserved -= quantity;
      return;
    case "allocate":
      stock.reserved -= quantity;
      stock.allocated += quantity;
      return;
    case "deallocate":
      stock.allocated -= quantity;
      return;
    default: {
      const unreachable: never = operation.kind;
      throw new Error(`no such operation: ${String(unreachable)}`);
    }
  }
}
