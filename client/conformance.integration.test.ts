/**
 * What every client of the stream does (contract/conformance), held against ours: bytes, scenarios of a server
 * that follows a script, and a day over a bad network against a real gateway.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { fromJsonWithBytes } from "../test-support/bytes-in-json.ts";
import { faultsBySeed, startFaultyProxy } from "../test-support/faulty-proxy.ts";
import {
  addProducts,
  canonicalOrder,
  type GatewayWorld,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { startScriptedServer } from "../test-support/scripted-server.ts";
import {
  type ClientKind,
  type ClientUnderTest,
  type Line,
  pythonClient,
  pythonVersion,
  typescriptClient,
} from "../test-support/stream-clients.ts";

const read = (name: string): Line =>
  fromJsonWithBytes(readFileSync(join(projectRoot, "contract", "conformance", name), "utf8"));
const frames = read("frames.json");
const scenarios: readonly Line[] = read("scenarios.json");
const python = pythonVersion();

const clients = [
  { client: typescriptClient, encoding: "json", isHere: true },
  { client: typescriptClient, encoding: "msgpack", isHere: true },
  { client: pythonClient, encoding: "json", isHere: python !== null },
] as const;

/** Ends with its test: several run side by side, because most of their time they wait. */
function startedFor(finished: typeof onTestFinished, kind: ClientKind): ClientUnderTest {
  const client = kind.start();
  finished(() => client.end());
  return client;
}

describe.each(clients)("$client.name in $encoding", ({ client: kind, encoding, isHere }) => {
  const name = isHere ? "" : " (skipped: install python3)";

  describe.skipIf(!isHere)(`bytes${name}`, () => {
    test("it reads every frame of the server", async () => {
      const client = startedFor(onTestFinished, kind);
      for (const { messages, ...each } of frames.fromServer) {
        if (each[encoding] === undefined) continue;
        const before = client.said.length;
        client.do({ do: "decode", encoding, frame: each[encoding] });
        await client.until(() => client.said.length > before);
        expect(client.said[before], each.name).toEqual({ decoded: messages });
      }
    });

    test("it makes frames that the gateway reads as they are meant", async () => {
      const client = startedFor(onTestFinished, kind);
      for (const { messages, ...each } of frames.fromClient) {
        if (each[encoding] === undefined) continue;
        const before = client.said.length;
        client.do({ do: "encode", encoding, messages });
        await client.until(() => client.said.length > before);
        expect(client.said[before], each.name).toEqual({ encoded: each[encoding] });
      }
    });
  });

  describe.skipIf(!isHere)(`scenarios${name}`, () => {
    test.concurrent.for(
      scenarios.filter((each) => encoding === "json" || JSON.stringify(each).indexOf("sayText") < 0),
    )(
      "$name: $means",
      async ({ drive, connections, expect: wanted }, { expect, onTestFinished: finished }) => {
        const server = await startScriptedServer(connections, encoding);
        finished(() => server.close());
        const client = startedFor(finished, kind);
        client.do({ do: "open", url: server.url, key: "hf_a_b", encoding, patienceMs: 10_000 });
        if (wanted.told?.open === undefined) await client.until((line) => line.opened === true);
        for (const command of drive) client.do(command);
        const told = () =>
          Object.fromEntries(
            client.said
              .filter((line) => "reply" in line || "failed" in line)
              .map((line) => [line.reply ?? line.failed, line.message?.type ?? line.code]),
          );
        const entries = () =>
          client.said.flatMap((line) => (line.entries ?? []).map(({ key }: Line) => key) as string[]);
        await server.done;
        await expect
          .poll(() => ({ told: told(), entries: entries() }), { timeout: 10_000 })
          .toEqual({ told: wanted.told ?? {}, entries: wanted.entries ?? [] });
        // Nobody hears twice.
        const names = client.said.filter((line) => "reply" in line).map((line) => line.reply);
        expect(new Set(names).size).toBe(names.length);
        if (wanted.connects !== undefined) expect(server.connections).toBe(wanted.connects);
      },
    );
  });
});

describe("over a network that loses, cuts, repeats and delays, against a real gateway", () => {
  let world: GatewayWorld;

  beforeAll(async () => {
    world = await startGatewayWorld();
  });
  afterAll(async () => {
    await world.close();
  });

  test.concurrent.for(
    clients
      .filter(({ isHere }) => isHere)
      .flatMap((each) => [21, 22].map((seed) => ({ ...each, name: each.client.name, seed }))),
  )(
    "$name in $encoding, seed $seed: client and gateway agree in the end",
    async (each, { expect, onTestFinished: finished }) => {
      const { client: kind, encoding, seed, name } = each;
      const prefix = `${name}-${encoding}-${seed}`;
      const sku = prefix.toUpperCase();
      await addProducts(world.database, sku);
      const proxy = await startFaultyProxy(world.url);
      finished(() => proxy.close());
      const client = startedFor(finished, kind);
      const watcher = await world.connect();
      watcher.send({ id: "f", type: "feed.subscribe", after: null });
      const { cursor } = await watcher.reply("f");
      watcher.socket.terminate();
      client.do({ do: "open", url: proxy.url, key: world.adminKey, encoding, patienceMs: 10_000 });
      await client.until((line) => line.opened === true);
      const lost = () => proxy.done.lose + proxy.done.cut + proxy.done.truncate;
      const lostBefore = lost();
      proxy.setFaults(faultsBySeed(seed, 0.1));
      client.do({ do: "follow", after: cursor, most: 10 });
      const ids = Array.from({ length: 50 }, (_, at) => `${prefix}-${at}`);
      for (const [at, id] of ids.entries()) {
        const payload = JSON.stringify(canonicalOrder(id));
        client.do({
          do: "request",
          name: `o${at}`,
          message: { type: "order.capture", channel: "web", payload },
        });
        const command = {
          type: "receive",
          commandId: id,
          atMs: 0,
          cause: "delivery",
          sku,
          locationId: "east",
          quantity: 1,
        };
        client.do({ do: "request", name: `s${at}`, message: { type: "stock.execute", commands: [command] } });
        // Not all in one frame: the network is to have many to choose from.
        await client.until((line) => line.reply === `o${Math.max(0, at - 5)}` || at < 5);
      }
      const captured = () =>
        client.said
          .flatMap((line) => (line.entries ?? []) as Line[])
          .filter(({ type, orderId }) => type === "order.captured" && orderId.startsWith(`web-${prefix}-`))
          .map(({ orderId }) => orderId);
      const replies = () => client.said.filter((line) => "reply" in line);
      await expect.poll(() => [replies().length, captured().length], { timeout: 30_000 }).toEqual([100, 50]);
      proxy.setFaults(() => "pass");
      expect(lost() - lostBefore).toBeGreaterThan(2);
      expect(captured().sort()).toEqual(ids.map((id) => `web-${id}`).sort());
      expect(
        replies()
          .map(({ message }) => message.type)
          .filter((type) => type === "order.captured"),
      ).toHaveLength(50);
      const { rows } = await world.database.query<{ id: string }>(
        "select id from orders where id like $1 order by id",
        [`web-${prefix}-%`],
      );
      expect(rows.map(({ id }) => id).sort()).toEqual(ids.map((id) => `web-${id}`).sort());
      expect((await world.engine.client.positions([sku]))[0]?.onHand).toBe(50);
    },
  );
});
