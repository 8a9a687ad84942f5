/**
 * What an order of two lines costs whose SKUs are both at its home's node, against one of whose SKUs one is
 * at the other node: captured by the stream at the home's node, one after the other in a few lanes.
 */
import { StatementSample } from "../bench/whole-orders/statements.ts";
import { type Endpoint, StreamConnection } from "../faults/stream-connection.ts";
import { OBSERVER, type Stage } from "./stage.ts";

const LANES = 4;
const ANSWERED_WITHIN_MS = 20_000;
/** Each kind so often in turn, so that a machine that grows slower is slower for both. */
const BLOCKS = 2;

export type OrderCost = {
  readonly orders: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Milliseconds of processor time an order, both nodes together. */
  readonly nodesCpuMs: number;
  readonly postgresCpuMs: number;
  readonly commits: number;
  /** From a sample of a tenth. */
  readonly statements: number;
};

type Kind = "one" | "two";

/** @param skus with enough stock, spread over both nodes */
export async function measureOrders(
  stage: Stage,
  skus: readonly string[],
  orders: number,
): Promise<Readonly<Record<Kind, OrderCost>>> {
  const [home] = stage.nodes;
  const { endpoint } = home ?? {};
  if (endpoint == null) throw new Error("there is no node");
  const homeName = nameOf(stage);
  const here = skus.filter((sku) => stage.remote.ownerOf(sku) === homeName);
  const there = skus.filter((sku) => stage.remote.ownerOf(sku) !== homeName);
  if (here.length < 2 || there.length < 1) throw new Error("the SKUs are not spread over two nodes");
  const pick = (from: readonly string[], index: number): string => from[index % from.length] ?? "";
  const ids = idsAt(stage, homeName);
  const linesOf = (kind: Kind, index: number): readonly string[] => [
    pick(here, 2 * index),
    kind === "one" ? pick(here, 2 * index + 1) : pick(there, index),
  ];
  const sums: Record<Kind, OrderCost[]> = { one: [], two: [] };
  for (const kind of ["one", "two"] as const)
    await capture(stage, endpoint, ids, 20, (index) => linesOf(kind, index));
  for (let block = 0; block < BLOCKS; block += 1)
    for (const kind of block % 2 === 0 ? (["one", "two"] as const) : (["two", "one"] as const)) {
      const count = Math.ceil(orders / BLOCKS);
      sums[kind].push(await capture(stage, endpoint, ids, count, (index) => linesOf(kind, index)));
    }
  return { one: meanOf(sums.one), two: meanOf(sums.two) };
}

async function capture(
  stage: Stage,
  endpoint: Endpoint,
  ids: Iterator<string, never>,
  count: number,
  linesOf: (index: number) => readonly string[],
): Promise<OrderCost> {
  const commitsBefore = await stage.commits();
  const sample = await StatementSample.begin(stage.database, stage.postgresLog);
  const spent = await stage.spent();
  const times: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    const connection = await StreamConnection.open(endpoint);
    for (let index = next++; index < count; index = next++) {
      const id = ids.next().value;
      const beganAt = performance.now();
      const reply = await connection.ask(
        id,
        { type: "order.capture", channel: "web", payload: payloadOf(id, linesOf(index)) },
        ANSWERED_WITHIN_MS,
      );
      times.push(performance.now() - beganAt);
      if (reply.type !== "order.captured" || reply.results[0]?.outcome !== "accepted")
        throw new Error(`an order was not accepted: ${JSON.stringify(reply)}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const { nodes, postgres } = await spent();
  const { statements } = await sample.end(OBSERVER);
  const commits = (await stage.commits()) - commitsBefore;
  times.sort((a, b) => a - b);
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const each = (seconds: number): number => (seconds * 1_000) / count;
  return {
    orders: count,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    nodesCpuMs: each(nodes.reduce((sum, seconds) => sum + seconds, 0)),
    postgresCpuMs: each(postgres),
    commits: commits / count,
    statements: statements / count,
  };
}

/** By which the first node is known on the fabric, and in `shard_lease`: machine, process, start. */
function nameOf(stage: Stage): string {
  const pid = stage.nodes[0]?.server?.pid;
  const name = [...stage.remote.owners()].find((owner) => owner.split(":")[1] === String(pid));
  if (name === undefined) throw new Error("the first node has no shards");
  return name;
}

/** Ids of orders whose home is at the node. */
function* idsAt(stage: Stage, node: string): Generator<string, never> {
  for (let index = 0; ; index += 1) if (stage.remote.ownerOf(`web-n${index}`) === node) yield `n${index}`;
}

function meanOf(blocks: readonly OrderCost[]): OrderCost {
  const mean = (of: (one: OrderCost) => number): number =>
    Math.round((blocks.reduce((sum, one) => sum + of(one), 0) / blocks.length) * 100) / 100;
  return {
    orders: blocks.reduce((sum, { orders }) => sum + orders, 0),
    p50Ms: mean(({ p50Ms }) => p50Ms),
    p99Ms: mean(({ p99Ms }) => p99Ms),
    nodesCpuMs: mean(({ nodesCpuMs }) => nodesCpuMs),
    postgresCpuMs: mean(({ postgresCpuMs }) => postgresCpuMs),
    commits: mean(({ commits }) => commits),
    statements: mean(({ statements }) => statements),
  };
}

function payloadOf(id: string, skus: readonly string[]): string {
  return JSON.stringify({
    id,
    currency: "USD",
    lines: skus.map((sku) => ({ sku, quantity: 1, unitPrice: "10.00" })),
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "Node Test",
      line1: "1 Main Street",
      city: "Reno",
      postalCode: "89501",
      country: "US",
    },
    customer: { name: "Node Test", email: "node@example.com" },
    allocation: "all_or_nothing",
  });
}
