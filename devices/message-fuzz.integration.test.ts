/**
 * A message costs itself: whatever is wrong with one message of a device, the next good one has its effect
 * within two seconds, and the wrong one was taken or can be read up as a dead letter.
 *
 * Every field of a valid message of every kind, and every whole message, goes wrong in every way of
 * `simulators/mutations.ts`, over a real broker. Many devices do so side by side; each sends a wrong message,
 * a good one right behind it, and waits for the good one's effect. Devices with an outbox repeat both.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { type Logger, pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../config/seeded-random.ts";
import type { Engine } from "../engine/engine.ts";
import { confirmPick } from "../operations/floor/confirm-pick.ts";
import {
  conveyorEvents,
  readerReports,
  robotState,
  unknownPlate,
  VDA_VERSIONS,
  type VdaVersion,
} from "../test-support/device-messages.ts";
import {
  addDevices,
  eventually,
  LOCATION,
  PRODUCTS,
  releaseOrders,
  startStockedEngine,
} from "../test-support/floor.ts";
import { mosquittoInstalled, startMosquitto } from "../test-support/servers/mosquitto.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "./bridge.ts";
import { parseStatus } from "./conveyor/conveyor-messages.ts";
import { findHead } from "./conveyor/message-head.ts";
import { startBroker } from "./mqtt/broker.ts";
import { deviceTopic, robotTopic } from "./mqtt/topics.ts";
import { parseImpinj } from "./rfid/impinj.ts";
import { parseZebra } from "./rfid/zebra.ts";
import type { SimulatedDevice } from "./simulators/fleet.ts";
import { type Mutation, mutationsOf } from "./simulators/mutations.ts";
import { plateTag, unitTag } from "./simulators/tags.ts";
import { parseConnection, parseState } from "./vda5050/messages.ts";

/** No robot of this test is to pick what its portals verify. */
const ROBOTS_AT = "fc-robots";
const ANSWERED_WITHIN_MS = 2_000;
const PATIENCE_MS = 15_000;
const RESEND_MS = 400;
const TS = "2026-11-29T08:00:00.000Z";

/** A wrong message that was sent. */
type Sent = {
  readonly device: string;
  readonly what: string;
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether it must be there as a dead letter; `by-ack`: its acknowledgement says. */
  readonly refused: boolean | "by-ack";
};

type Lane = {
  readonly device: SimulatedDevice;
  /** What this device will send, some at a time. */
  readonly trials: readonly (readonly Mutation[])[];
  /**
   * Sends messages that are wrong in these ways, and a good one behind them.
   * @returns how long the good one took to its effect. Milliseconds
   */
  readonly attempt: (mutations: readonly Mutation[]) => Promise<number>;
};

type Trial = readonly [lane: Lane, mutations: readonly Mutation[]];

type Ack = { readonly bootId: unknown; readonly seq: unknown; readonly refused?: { readonly code: string } };

describe("a message costs itself", () => {
  let test: TestDatabase;
  let engine: Engine;
  let bridge: DeviceBridge;
  let broker: { readonly port: number; stop(): Promise<void> };
  let bus: MqttClient;
  let lanes: readonly Lane[] = [];
  /** What the database says of devices and totes, as it was last looked at. */
  let connections: ReadonlyMap<string, string> = new Map();
  let lastNodes: ReadonlyMap<string, string> = new Map();
  let packed: ReadonlySet<string> = new Set();
  const random = new Random("who begins when");
  const sent: Sent[] = [];
  const acks = new Map<string, Ack[]>();
  const complaints: string[] = [];
  const logger: Logger = pino({ level: "warn" }, { write: (line) => void complaints.push(line) });

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    await test.database.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude)
       values ($1, 'acme', 'Robots', 'fulfillment_center', '{}', 50, 8)`,
      [ROBOTS_AT],
    );
    lanes = [
      ...(["scan", "divert", "recirculation"] as const).flatMap(conveyorLanes),
      ...statusLanes(),
      ...VDA_VERSIONS.flatMap((version) => [...stateLanes(version), ...connectionLanes(version)]),
      ...(await readerLanes("zebra")),
      ...(await readerLanes("impinj")),
    ];
    await addDevices(
      test,
      lanes.map(({ device }) => device),
    );
    await test.database.query(
      "update device set settings = '{\"longestMs\": 3000}' where kind = 'rfid_portal'",
    );
    broker = mosquittoInstalled
      ? await startMosquitto(["allow_anonymous true", "max_queued_messages 0"])
      : await startBroker({ host: "127.0.0.1", port: 0, logger });
    const mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
    bridge = await startDeviceBridge({
      mqttUrl,
      database: test.database,
      allocator: engine.client,
      logger,
      timings: { stallMs: 600_000 },
    });
    bus = await connectAsync(mqttUrl);
    await bus.subscribeAsync("holdfast/+/+/+/ack", { qos: 1 });
    bus.on("message", (topic, payload) => {
      const id = topic.split("/")[3] ?? "";
      acks.set(id, [...(acks.get(id) ?? []), JSON.parse(payload.toString())]);
    });
  }, 120_000);

  afterAll(async () => {
    await bus?.endAsync(true);
    await bridge?.stop();
    await broker?.stop();
    await engine?.stop();
    await test?.close();
  });

  it("keeps what is cut within a pair of surrogates, with all that came in the same second", async () => {
    const [robot, other] = ["state-2.1.0-0", "state-2.1.0-1"];
    const text = `a${"\u{1f600}".repeat(500)}`;
    const state = { ...robotState(header(1, "2.1.0"), text), orderId: text, operatingMode: text };
    await say(robotTopic(2, "acme", robot, "state"), state);
    await say(robotTopic(2, "acme", other, "state"), robotState(header(1, "2.1.0"), "beside it"));
    await until(() => lastNodes.get(other) === "beside it", look);
    expect(lastNodes.get(robot)).toBe(`a${"\u{1f600}".repeat(127)}\ufffd`);
    const error = `operating mode a${"\u{1f600}".repeat(15)}\ufffd`;
    await eventually(async () => {
      const { rows } = await test.database.query(
        "select from device_event where device_id = $1 and kind = 'error' and detail = $2",
        [robot, error],
      );
      return rows.length > 0;
    }, PATIENCE_MS);
    expect(complaints).toEqual([]);
  });

  it("every field of every message goes wrong in every way, and the next good message is answered", async () => {
    const watch = new AbortController();
    const watching = (async () => {
      while (!watch.signal.aborted) await Promise.all([look(), delay(100)]);
    })();
    let late = lanes.flatMap((lane) => lane.trials.map((mutations): Trial => [lane, mutations]));
    try {
      // The machine may be busy: what came late is tried again, at last each alone.
      for (const sideBySide of [lanes.length, lanes.length, 1]) {
        if (late.length > 0) late = await lateOf(late, sideBySide);
      }
    } finally {
      watch.abort();
      await watching;
    }
    expect(late.map(([{ device }, [first]]) => `${device.id}: ${first?.what}`)).toEqual([]);
    expect(await unsettled()).toEqual([]);
    expect(complaints.filter((line) => !line.includes('"msg":"device message put aside"'))).toEqual([]);
    expect(sent.length).toBeGreaterThan(3_000);
  }, 180_000);

  /** Each device makes its trials one by one, so many devices at once. @returns those that came too late */
  const lateOf = async (trials: readonly Trial[], sideBySide: number): Promise<Trial[]> => {
    const late: Trial[] = [];
    const waiting = [...new Set(trials.map(([lane]) => lane))].map((lane) =>
      trials.filter((trial) => trial[0] === lane),
    );
    await Promise.all(
      Array.from({ length: sideBySide }, async () => {
        // Not all of them at the same moment.
        await delay(random.below(1_500));
        for (let own = waiting.pop(); own !== undefined; own = waiting.pop()) {
          for (const [lane, mutations] of own) {
            const tookMs = await lane.attempt(mutations);
            if (tookMs > ANSWERED_WITHIN_MS) late.push([lane, mutations]);
          }
        }
      }),
    );
    return late;
  };

  const look = async (): Promise<void> => {
    const devices = await test.database.query<{ id: string; connection: string; lastNode: string | null }>(
      `select id, connection, state->>'lastNodeId' as "lastNode" from device`,
    );
    const totes = await test.database.query<{ plate: string }>(
      "select handling_unit as plate from fulfillment_order where stage = 'packed'",
    );
    connections = new Map(devices.rows.map(({ id, connection }) => [id, connection]));
    lastNodes = new Map(devices.rows.map(({ id, lastNode }) => [id, lastNode ?? ""]));
    packed = new Set(totes.rows.map(({ plate }) => plate));
  };

  /** @returns the milliseconds that it took */
  const until = async (isSo: () => boolean, pause = () => delay(10)): Promise<number> => {
    const began = performance.now();
    while (!isSo() && performance.now() - began < PATIENCE_MS) await pause();
    return performance.now() - began;
  };

  const say = (topic: string, payload: Buffer | object, qos: 0 | 1 = 1): Promise<unknown> =>
    bus.publishAsync(topic, Buffer.isBuffer(payload) ? payload : JSON.stringify(payload), { qos });

  /** Wrong messages that were neither taken nor put aside with their bytes. */
  const unsettled = async (): Promise<readonly string[]> => {
    const { rows } = await test.database.query<{
      topic: string;
      payload: Buffer;
      size: number;
      code: string;
    }>("select topic, payload, size, code from device_dead_letter");
    const key = (topic: string, payload: Buffer, size: number): string =>
      `${topic} ${size} ${payload.subarray(0, 1_024).toString("base64")}`;
    const codes = new Map(rows.map(({ topic, payload, size, code }) => [key(topic, payload, size), code]));
    return sent.flatMap(({ device, what, topic, payload, refused }) => {
      const code = codes.get(key(topic, payload, payload.length));
      const problem =
        code === "handler_failed"
          ? "its handler failed"
          : refused === "by-ack"
            ? ackProblem(device, payload, code)
            : refused === (code !== undefined)
              ? null
              : `refused: ${refused}, letter: ${code}`;
      return problem === null ? [] : [`${device}: ${what}: ${problem}`];
    });
  };

  /** An event is acknowledged by what it calls itself, with a refusal exactly where there is a letter. */
  const ackProblem = (device: string, payload: Buffer, code: string | undefined): string | null => {
    const head = findHead(payload);
    if (head === undefined || head.seq === Number.POSITIVE_INFINITY)
      return code === undefined ? "lost" : null;
    // As JSON writes it: -0 is 0.
    const name = JSON.stringify([head.bootId, head.seq]);
    const mine = (acks.get(device) ?? []).filter(({ bootId, seq }) => JSON.stringify([bootId, seq]) === name);
    if (mine.length === 0) return "not acknowledged";
    const isRefused = mine.some(({ refused }) => refused?.code === code);
    return isRefused ? null : `letter: ${code}, acknowledged: ${JSON.stringify(mine)}`;
  };

  const conveyorLanes = (kind: keyof typeof conveyorEvents): readonly Lane[] =>
    lanesOf(`conv-${kind}`, 12, CONVEYOR, conveyorEvents[kind](head("b", 1, 1)), 1, ({ id }) => {
      const topic = (of: "scan" | "divert" | "recirculation") =>
        deviceTopic(LOCATION, "pack-out", id, `evt/${of}`);
      const bootId = randomUUID();
      let seq = 100;
      const isAcked = (number: number): boolean =>
        acks.get(id)?.some((ack) => ack.bootId === bootId && ack.seq === number) === true;
      return async ([mutation]) => {
        const [bad, good] = [seq + 1, seq + 2];
        seq += 2;
        const wrong = mutation?.of(conveyorEvents[kind](head(bootId, bad, bad))) ?? Buffer.alloc(0);
        note(id, mutation, topic(kind), wrong, "by-ack");
        const scan = {
          ...conveyorEvents.scan(head(bootId, good, bad)),
          barcodes: [`00${unknownPlate(good)}`],
        };
        const outbox = new Map<number, () => Promise<unknown>>([
          [bad, () => say(topic(kind), wrong, 0)],
          [good, () => say(topic("scan"), scan, 0)],
        ]);
        const began = performance.now();
        while (outbox.has(good) && performance.now() - began < PATIENCE_MS) {
          for (const send of outbox.values()) await send();
          const end = performance.now() + RESEND_MS;
          while (performance.now() < end && !isAcked(good)) await delay(10);
          for (const number of [bad, good]) if (isAcked(number)) outbox.delete(number);
        }
        return performance.now() - began;
      };
    });

  const statusLanes = (): readonly Lane[] => {
    const status = (connection: string) => ({ bootId: "b", connection });
    return lanesOf("conv-status", 16, CONVEYOR, status("ONLINE"), 1, ({ id }) => {
      const topic = deviceTopic(LOCATION, "pack-out", id, "evt/status");
      return comesAndGoes(id, topic, status, parseStatus, { online: "ONLINE", offline: "OFFLINE" });
    });
  };

  const connectionLanes = (version: VdaVersion): readonly Lane[] => {
    const major = majorOf(version);
    const sample = { ...header(1, version), connectionState: "ONLINE" };
    return lanesOf(`conn-${version}`, 24, robot(version), sample, 1, ({ id }) => {
      let headerId = 0;
      const message = (connectionState: string) => {
        headerId += 1;
        return { ...header(headerId, version), connectionState };
      };
      const parse = (payload: Buffer) => parseConnection(payload, major);
      const topic = robotTopic(major, "acme", id, "connection");
      return comesAndGoes(id, topic, message, parse, { online: "ONLINE", offline: "OFFLINE" });
    });
  };

  /** After a wrong message it goes and comes again; both must be seen. */
  const comesAndGoes = (
    id: string,
    topic: string,
    message: (connection: string) => object,
    parse: (payload: Buffer) => unknown,
    words: { readonly online: string; readonly offline: string },
  ): Lane["attempt"] => {
    const become = async (connection: "online" | "offline"): Promise<number> => {
      await say(topic, message(words[connection]));
      return until(() => connections.get(id) === connection);
    };
    return async ([mutation]) => {
      const wrong = mutation?.of(message(words.online)) ?? Buffer.alloc(0);
      // An empty message says that the retained one is gone.
      note(id, mutation, topic, wrong, wrong.length > 0 && isRefusedBy(parse, wrong));
      await say(topic, wrong);
      const tookMs = await become("online");
      return Math.max(tookMs, await become("offline"));
    };
  };

  const stateLanes = (version: VdaVersion): readonly Lane[] => {
    const major = majorOf(version);
    return lanesOf(
      `state-${version}`,
      100,
      robot(version),
      robotState(header(1, version), "n"),
      1,
      ({ id }) => {
        const topic = robotTopic(major, "acme", id, "state");
        let headerId = 0;
        const state = (node: string) => {
          headerId += 1;
          return robotState(header(headerId, version), node);
        };
        return async ([mutation]) => {
          const wrong = mutation?.of(state("wrong")) ?? Buffer.alloc(0);
          note(
            id,
            mutation,
            topic,
            wrong,
            wrong.length > 0 && isRefusedBy((it) => parseState(it, major), wrong),
          );
          await say(topic, wrong, 0);
          const node = `node-${headerId}`;
          await say(topic, state(node), 0);
          return until(() => lastNodes.get(id) === node);
        };
      },
    );
  };

  /** Some wrong messages of a reader, then the whole passage of a tote, which must be packed by it. */
  const readerLanes = async (make: "zebra" | "impinj"): Promise<readonly Lane[]> => {
    const { tag, input } = readerReports[make];
    const parse = make === "zebra" ? parseZebra : parseImpinj;
    const kind: Kind = {
      kind: "rfid_portal",
      protocol: make === "zebra" ? "zebra-iot-connector" : "impinj-iot-device-interface",
      locationId: LOCATION,
    };
    const lanes = [tag, (at: Date) => input(at, make === "zebra")].flatMap((message, nth) =>
      lanesOf(`${make}-${nth}`, 6, kind, message(new Date()), 5, ({ id }) => {
        const topic = `${make}/${id}/events`;
        const totes: Tote[] = [];
        laneTotes.set(id, totes);
        let clock = 0;
        // No two edges at one moment, by the reader's clock.
        const now = (): Date => {
          clock = Math.max(clock + 1, Date.now());
          return new Date(clock);
        };
        return async (mutations) => {
          for (const mutation of mutations) {
            const wrong = mutation.of(message(now()));
            note(
              id,
              mutation,
              topic,
              wrong,
              isRefusedBy((it) => refuseAny(parse(it)), wrong),
            );
            await say(topic, wrong);
          }
          const tote = totes.pop();
          if (tote === undefined) throw new Error(`no tote is left for ${id}`);
          await say(topic, input(now(), true));
          // Longer than a portal waits for late reads once a tote has left.
          await delay(250);
          await say(
            topic,
            [tote.plate, ...tote.units].map((epc) => tag(now(), epc)),
          );
          await delay(100);
          await say(topic, input(now(), false));
          return until(() => packed.has(tote.number));
        };
      }),
    );
    // As many again, for trials that are made again.
    for (const { device, trials } of lanes) {
      laneTotes.get(device.id)?.push(...(await pickedTotes(2 * trials.length)));
    }
    return lanes;
  };

  const laneTotes = new Map<string, Tote[]>();

  const pickedTotes = async (count: number): Promise<readonly Tote[]> => {
    const [product] = PRODUCTS;
    if (product === undefined) throw new Error("no product");
    const orders = await releaseOrders(test, engine, count, () => [{ sku: product.sku, quantity: 1 }]);
    const { rows } = await test.database.query<{ id: string; number: string }>(
      "select id, handling_unit as number from fulfillment_order where id = any($1)",
      [orders.map(({ fulfillmentOrderId }) => fulfillmentOrderId)],
    );
    const context = {
      database: test.database,
      allocator: engine.client,
      now: Date.now,
    };
    await Promise.all(
      orders.map(({ fulfillmentOrderId, lines }) =>
        confirmPick(context, {
          fulfillmentOrderId,
          picked: lines.map(({ holdId, quantity }) => ({ holdId, quantity })),
          cause: "device:robot-1",
          key: `pick:${fulfillmentOrderId}`,
        }),
      ),
    );
    return rows.map(({ id, number }) => ({
      number,
      plate: plateTag(number),
      units: [unitTag(product.gtin, id)],
    }));
  };

  const note = (
    device: string,
    mutation: Mutation | undefined,
    topic: string,
    payload: Buffer,
    refused: Sent["refused"],
  ): void => {
    sent.push({ device, what: mutation?.what ?? "", topic, payload, refused });
  };
});

type Kind = Pick<SimulatedDevice, "kind" | "protocol" | "locationId">;

/** A tote that a robot has filled: its number, and the tags in it. */
type Tote = { readonly number: string; readonly plate: string; readonly units: readonly string[] };

const CONVEYOR: Kind = { kind: "conveyor", protocol: "holdfast-conveyor", locationId: LOCATION };

function robot(version: VdaVersion): Kind {
  return { kind: "robot", protocol: `vda5050-${version.slice(0, 3)}`, locationId: ROBOTS_AT };
}

function majorOf(version: VdaVersion): 2 | 3 {
  return version === "3.0.0" ? 3 : 2;
}

/** Deals the mutations of a message out to devices, `atOnce` for each attempt. */
function lanesOf(
  name: string,
  count: number,
  kind: Kind,
  sample: object,
  atOnce: number,
  attemptOf: (device: SimulatedDevice) => Lane["attempt"],
): readonly Lane[] {
  const mutations = mutationsOf(sample);
  return Array.from({ length: count }, (_, lane) => {
    const device = { ...kind, id: `${name}-${lane}`, name };
    const own = mutations.filter((_, index) => index % count === lane);
    const trials = Array.from({ length: Math.ceil(own.length / atOnce) }, (_, trial) =>
      own.slice(trial * atOnce, (trial + 1) * atOnce),
    );
    return { device, trials, attempt: attemptOf(device) };
  });
}

function head(bootId: string, seq: number, from: number) {
  return { bootId, seq, from, ts: TS };
}

function header(headerId: number, version: VdaVersion) {
  const timestamp = new Date().toISOString();
  return { headerId, timestamp, version, manufacturer: "acme", serialNumber: "r" };
}

function isRefusedBy(parse: (payload: Buffer) => unknown, payload: Buffer): boolean {
  try {
    parse(payload);
    return false;
  } catch {
    return true;
  }
}

function refuseAny({ refused }: { readonly refused: readonly Error[] }): void {
  const [first] = refused;
  if (first !== undefined) throw first;
}
