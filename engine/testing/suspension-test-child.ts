/**
 * A process that keeps its shard threads busy without a pause. It tells its parent, line by line, how far it
 * is and whether it took a thread for lost. The parent suspends it in the middle of that.
 */
import { pino } from "pino";
import { startEngine } from "../engine.ts";
import { VolatileDisk } from "../storage/volatile-disk.ts";

const COMMANDS = 500;
const CALLERS = 4;

const engine = await startEngine({
  databaseUrl: "postgres://nobody@127.0.0.1:1/none",
  threads: 2,
  shards: 4,
  disk: new VolatileDisk(),
  logger: pino({ level: "error" }, { write: (line) => void process.stdout.write(line) }),
});

let done = 0;

async function keepAsking(caller: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    await engine.client.execute(
      Array.from({ length: COMMANDS }, (_, index) => ({
        type: "receive" as const,
        commandId: `${caller}-${round}-${index}`,
        sku: `SKU-${index % 20}`,
        locationId: "east",
        quantity: 1,
        atMs: Date.now(),
        cause: "load",
      })),
    );
    done += COMMANDS;
    process.stdout.write(`${JSON.stringify({ done })}\n`);
  }
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => keepAsking(caller)));
