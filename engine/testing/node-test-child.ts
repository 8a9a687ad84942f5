/**
 * An engine in a process of its own that shares the shards: `node-test-child.js DATABASE_URL SHARDS NAME`. Its
 * parent has it carry out commands, hears which shards are live in it, and kills or suspends it.
 */
import { pino } from "pino";
import type { StockCommand } from "../../actors/commands.ts";
import { startEngine } from "../engine.ts";
import { faultOf, type PlainFault } from "../errors.ts";

export type NodeTestAsk = { readonly id: number; readonly commands: readonly StockCommand[] };

export type NodeTestWord =
  | { readonly shards: readonly number[] }
  | { readonly id: number; readonly fault: PlainFault | null };

const [databaseUrl = "", shards = "", node = ""] = process.argv.slice(2);
const engine = await startEngine({
  databaseUrl,
  threads: 2,
  shards: Number(shards),
  share: { node },
  logger: pino({ level: "fatal" }),
});
const say = (word: NodeTestWord) => void process.send?.(word);
const sayShards = () => say({ shards: engine.ownShards().map(({ shard }) => shard) });
engine.onShardsMoved(sayShards);
process.on("message", ({ id, commands }: NodeTestAsk) => {
  engine.client.execute(commands).then(
    () => say({ id, fault: null }),
    (error: unknown) => say({ id, fault: faultOf(error) }),
  );
});
process.once("SIGTERM", async () => {
  await engine.drain();
  await engine.stop();
  process.exit(0);
});
// Last: from now on the parent may do with this process what it likes.
sayShards();
