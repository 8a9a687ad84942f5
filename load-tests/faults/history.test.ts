import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { History } from "./history.ts";
import { type LogEvent, type Operation, OperationLog, type StockOperation } from "./operation-log.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-history-"));
  file = join(folder, "client.jsonl");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function stock(kind: StockOperation["kind"], id: string, quantity: number, expiresAtMs = 0): StockOperation {
  return { id, kind, sku: "A", locationId: "east", quantity, holdId: id, expiresAtMs, expiresInMs: 0 };
}

type Answer = readonly string[] | "fail" | "unknown";

function told(
  exchanges: readonly (readonly [operations: readonly Operation[], answer: Answer | null])[],
): History {
  const log = new OperationLog(file);
  for (const [index, [operations, answer]] of exchanges.entries()) {
    const message = `m${index}`;
    log.write({ event: "invoke", atMs: index, message, operations });
    if (answer === null) continue;
    const event: LogEvent =
      answer === "fail"
        ? { event: "fail", atMs: index, message, code: "shard_unavailable" }
        : answer === "unknown"
          ? { event: "unknown", atMs: index, message, why: "the connection was closed" }
          : { event: "ok", atMs: index, message, results: answer };
    log.write(event);
  }
  log.close();
  const history = new History([file]);
  history.read();
  return history;
}

const verdictOf = (history: History, id: string) => history.operations.get(id)?.verdict;

it("stock is what was acknowledged: refused, unknown and expired operations leave no trace in it", () => {
  const history = told([
    [
      [stock("receive", "r", 100), stock("reserve", "a", 10), stock("reserve", "b", 7)],
      ["applied", "applied", "applied"],
    ],
    [
      [stock("release", "c", 7), stock("allocate", "d", 4)],
      ["applied", "applied"],
    ],
    [[stock("reserve", "e", 50)], ["insufficient_stock"]],
    [[stock("reserve", "f", 30)], "unknown"],
    [[stock("reserve", "g", 20, 5_000)], ["applied"]],
    [[{ id: "o", kind: "order", lines: [{ sku: "A", quantity: 3 }] }], ["applied"]],
  ]);
  expect(history.expectedStock().get("A")).toEqual({ onHand: 100, reserved: 9, allocated: 4 });
  expect(history.allExpiredAtMs).toBe(5_000);
});

it("an operation that was asked for again has one effect and the last word counts", () => {
  const reserve = stock("reserve", "a", 10);
  const history = told([
    [[stock("receive", "r", 100)], ["applied"]],
    [[reserve], "unknown"],
    [[reserve], "fail"],
    [[reserve], ["applied"]],
    [[reserve], ["applied"]],
    [[reserve], "unknown"],
  ]);
  expect(verdictOf(history, "a")).toEqual({ kind: "applied" });
  expect(history.expectedStock().get("A")?.reserved).toBe(10);
  expect(history.contradictions).toEqual([]);
});

it("a promise that nothing was done is about that time only: what was unknown before stays unknown", () => {
  const reserve = stock("reserve", "a", 10);
  expect(
    verdictOf(
      told([
        [[reserve], "unknown"],
        [[reserve], "fail"],
      ]),
      "a",
    ),
  ).toEqual({ kind: "unknown" });
});

it("a final answer that a repeat contradicts is found", () => {
  const reserve = stock("reserve", "a", 10);
  const history = told([
    [[reserve], ["applied"]],
    [[reserve], ["insufficient_stock"]],
    [[stock("reserve", "b", 1)], ["insufficient_stock"]],
    [[stock("reserve", "b", 1)], ["applied"]],
  ]);
  expect(history.contradictions).toHaveLength(2);
});

it("an order or a lane's operation that was refused may be tried anew, and is then in doubt unanswered", () => {
  const order: Operation = { id: "o", kind: "order", lines: [{ sku: "A", quantity: 3 }] };
  const lane = stock("lane-reserve", "l", 2);
  const history = told([
    [[order], ["insufficient_stock"]],
    [[order], "unknown"],
    [[lane], ["insufficient_stock"]],
    [[lane], ["applied"]],
  ]);
  expect(verdictOf(history, "o")).toEqual({ kind: "unknown" });
  expect(verdictOf(history, "l")).toEqual({ kind: "applied" });
  expect(history.contradictions).toEqual([]);
});

it("what was never answered is open, and a line that is only half written is read when it is whole", () => {
  const history = told([[[stock("reserve", "a", 1)], null]]);
  expect(verdictOf(history, "a")).toEqual({ kind: "open" });
  const line = JSON.stringify({ event: "ok", atMs: 1, message: "m0", results: ["applied"] });
  appendFileSync(file, line.slice(0, 20));
  history.read();
  expect(verdictOf(history, "a")).toEqual({ kind: "open" });
  appendFileSync(file, `${line.slice(20)}\n`);
  history.read();
  expect(verdictOf(history, "a")).toEqual({ kind: "applied" });
});
