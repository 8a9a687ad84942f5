/**
 * A process that runs an engine under load until it is killed, and tells its parent, line by line, what was
 * acknowledged to it: the parent compares that with the journal afterwards.
 */
import { pino } from "pino";
import type { OrderReservationRequest } from "../allocator-client.ts";
import { startEngine } from "../engine.ts";

const [databaseUrl] = process.argv.slice(2);
if (databaseUrl === undefined) throw new Error("usage: crash-test-child DATABASE_URL");
const engine = await startEngine({
  databaseUrl,
  threads: 2,
  shards: 4,
  snapshotEveryRows: 20,
  logger: pino({ level: "silent" }),
});
const SKUS = 20;
await engine.client.execute(
  Array.from({ length: SKUS }, (_, index) => ({
    type: "receive" as const,
    commandId: `stock-${index}`,
    sku: `SKU-${index}`,
    locationId: index % 2 === 0 ? "east" : "west",
    quantity: 1_000_000,
    atMs: Date.now(),
    cause: "stock",
  })),
);
engine.client.setLocations(
  ["east", "west"].map((locationId) => ({
    locationId,
    kind: "fulfillment_center" as const,
    priority: 1,
    latitude: 0,
    longitude: 0,
    country: "US",
  })),
);

let next = 0;
async function buy(): Promise<void> {
  for (;;) {
    const number = next;
    next += 1;
    const request: OrderReservationRequest = {
      orderId: `order-${process.pid}-${number}`,
      lines: [
        { lineId: "1", sku: `SKU-${number % SKUS}`, quantity: 1 },
        { lineId: "2", sku: `SKU-${(number * 7 + 1) % SKUS}`, quantity: 2 },
      ],
      policy: "all_or_nothing",
      destination: null,
      expiresAtMs: 0,
      atMs: Date.now(),
      cause: "crash test",
    };
    const outcome = await engine.client.reserveOrder(request, {
      writer: {
        name: "orders",
        write: async (transaction, ids: readonly string[]) => {
          await transaction.query("insert into crash_order select * from unnest($1::text[])", [ids]);
        },
      },
      record: () => request.orderId,
    });
    if (outcome.status === "reserved") {
      process.stdout.write(`${request.orderId} ${outcome.holds.map((hold) => hold.holdId).join(",")}\n`);
    }
  }
}

await Promise.all(Array.from({ length: 50 }, buy));
