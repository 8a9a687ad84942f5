import { randomUUID } from "node:crypto";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../engine/engine.ts";
import {
  addDevices,
  eventually,
  LOCATION,
  releaseOrders,
  startStockedEngine,
  testLogger,
} from "../../test-support/floor.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type DeviceBridge, startDeviceBridge } from "../bridge.ts";
import { type Broker, startBroker } from "../mqtt/broker.ts";

const ELSEWHERE = "fc-elsewhere";
const WAIT_MS = 8_000;
const GS = "\u001d";

type Sent = { readonly bootId?: unknown; readonly seq?: unknown; readonly [key: string]: unknown };
type Ack = Sent & { readonly refused?: { readonly code: string; readonly detail: string } };
type Divert = { readonly cmdId: string; readonly lpn: string; readonly lane: string };

describe("a conveyor whose messages are not as they should be", () => {
  let test: TestDatabase;
  let engine: Engine;
  let broker: Broker;
  let bridge: DeviceBridge;
  let plc: MqttClient;
  const acks: Ack[] = [];
  const diverts: Divert[] = [];

  beforeAll(async () => {
    test = await createTestDatabase();
    engine = await startStockedEngine(test);
    await test.database.query(
      `insert into location (id, company_id, name, kind, address, latitude, longitude)
       values ($1, 'acme', 'Elsewhere', 'fulfillment_center', '{}', 50, 8)`,
      [ELSEWHERE],
    );
    const conveyor = { kind: "conveyor", protocol: "holdfast-conveyor", name: "Conveyor" } as const;
    const portal = { kind: "rfid_portal", protocol: "zebra-iotc", name: "Portal" } as const;
    await addDevices(test, [
      { ...conveyor, id: "conv-1", locationId: LOCATION },
      { ...conveyor, id: "conv-silent", locationId: LOCATION },
      { ...conveyor, id: "conv-retained", locationId: LOCATION },
      { ...conveyor, id: "conv-elsewhere", locationId: ELSEWHERE },
      { ...portal, id: "portal-1", locationId: LOCATION },
      { ...portal, id: "portal-2", locationId: LOCATION },
      { ...portal, id: "portal-elsewhere", locationId: ELSEWHERE },
    ]);
    await test.database.query(
      `update device set settings = '{"offlineAfterMs": 1500}' where id = 'conv-silent'`,
    );
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: testLogger });
    plc = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    await plc.subscribeAsync(["holdfast/+/+/+/ack", "holdfast/+/+/+/cmd/divert"], { qos: 1 });
    plc.on("message", (topic, payload) => {
      const message = JSON.parse(payload.toString());
      if (topic.endsWith("/ack")) acks.push(message);
      else diverts.push(message);
    });
    // Kept by the broker before the bridge comes.
    await say("conv-retained", "status", { bootId: "old", connection: "ONLINE" }, { retain: true });
    await say("conv-retained", "scan", scan("old", 1, "x"), { retain: true });
    bridge = await startDeviceBridge({
      mqttUrl: `mqtt://127.0.0.1:${broker.port}`,
      database: test.database,
      allocator: engine.client,
      logger: testLogger,
    });
    for (const id of ["portal-1", "portal-2"]) await say(id, "status", { bootId: id, connection: "ONLINE" });
  }, 60_000);

  afterAll(async () => {
    await plc?.endAsync(true);
    await bridge?.stop();
    await broker?.stop();
    await engine?.stop();
    await test?.close();
  });

  const say = async (
    device: string,
    kind: string,
    message: object | string,
    { site = device.endsWith("elsewhere") ? ELSEWHERE : LOCATION, retain = false } = {},
  ): Promise<void> => {
    const payload = typeof message === "string" ? message : JSON.stringify(message);
    await plc.publishAsync(`holdfast/${site}/pack-out/${device}/evt/${kind}`, payload, { qos: 1, retain });
  };

  const ackOf = (bootId: unknown, seq: unknown): Promise<Ack> =>
    eventually(
      async () => acks.find((ack) => ack.bootId === bootId && ack.seq === seq),
      WAIT_MS,
      async () => acks.slice(-5),
    );

  const totes = async (count: number): Promise<readonly { id: string; plate: string; orderId: string }[]> => {
    const orders = await releaseOrders(test, engine, count, () => [{ sku: "SKU-1", quantity: 1 }]);
    const { rows } = await test.database.query<{ id: string; plate: string; orderId: string }>(
      `select id, handling_unit as plate, order_id as "orderId" from fulfillment_order
       where id = any($1) order by handling_unit`,
      [orders.map(({ fulfillmentOrderId }) => fulfillmentOrderId)],
    );
    return rows;
  };

  const tote = async () => {
    const [one] = await totes(1);
    if (one === undefined) throw new Error("no tote");
    return one;
  };

  const stageOf = async (id: string): Promise<string | undefined> => {
    const { rows } = await test.database.query<{ stage: string }>(
      "select stage from fulfillment_order where id = $1",
      [id],
    );
    return rows[0]?.stage;
  };

  const letters = async (marker: string): Promise<readonly string[]> => {
    const { rows } = await test.database.query<{ code: string }>(
      "select code from device_dead_letter where position(convert_to($1, 'UTF8') in payload) > 0",
      [marker],
    );
    return rows.map(({ code }) => code);
  };

  const connectionOf = async (id: string): Promise<string | undefined> => {
    const { rows } = await test.database.query<{ connection: string }>(
      "select connection from device where id = $1",
      [id],
    );
    return rows[0]?.connection;
  };

  it("puts an event aside that cannot be read, acknowledges it as refused, and answers those behind it", async () => {
    const bootId = randomUUID();
    const { plate } = await tote();
    const bad = { ...scan(bootId, 2, plate), ts: "28.11.2026 14:00" };
    await say("conv-1", "scan", { ...scan(bootId, 1, plate), from: 1 });
    await say("conv-1", "scan", { ...bad, from: 2 });
    for (const seq of [3, 4, 5]) await say("conv-1", "scan", { ...scan(bootId, seq, plate), from: 2 });
    // It has not heard the refusal, and sends the same again; all before it was acknowledged meanwhile.
    await say("conv-1", "scan", { ...bad, from: 6 });
    for (const seq of [1, 3, 4, 5]) expect(await ackOf(bootId, seq)).toEqual({ bootId, seq });
    const refusals = await eventually(async () => {
      const found = acks.filter((ack) => ack.bootId === bootId && ack.seq === 2);
      return found.length >= 2 && found;
    }, WAIT_MS);
    for (const { refused } of refusals) {
      expect(refused).toEqual({ code: "invalid_message", detail: "ts is not a time: 28.11.2026 14:00" });
    }
    expect(await letters(bootId)).toEqual(["invalid_message"]);
    expect(diverts.filter(({ cmdId }) => cmdId.startsWith(bootId))).toHaveLength(4);
  });

  it.each<[what: string, change: (plate: string) => Sent, code: string | null]>([
    ["a barcode that ends in a carriage return", (plate) => ({ barcodes: [`]C100${plate}\r`] }), null],
    ["a barcode that begins with a separator", (plate) => ({ barcodes: [`${GS}00${plate}`] }), null],
    [
      "a two-dimensional code with separators beside the plate",
      (plate) => ({ barcodes: [`00${plate}`, `]d20109521234770119${GS}10LOT7`] }),
      null,
    ],
    ["33 barcodes", (plate) => ({ barcodes: [`00${plate}`, ...Array(32).fill("x")] }), null],
    ["a code of 130 characters", (plate) => ({ barcodes: [`00${plate}`, "y".repeat(130)] }), null],
    ["a number of 0", () => ({ seq: 0 }), null],
    ["a time without zone", () => ({ ts: "2026-11-28T14:00:00" }), "invalid_message"],
    ["a time with a comma", () => ({ ts: "2026-11-28T14:00:00,123Z" }), "invalid_message"],
    ["a time without seconds", () => ({ ts: "2026-11-28T14:00Z" }), "invalid_message"],
    ["a time as a number", () => ({ ts: 1_795_874_400_000 }), "invalid_message"],
    ["a number as a text", () => ({ seq: "7" }), "invalid_message"],
    ["a boot id as a number", () => ({ bootId: Math.floor(Math.random() * 1e12) }), "invalid_message"],
    ["no barcodes", () => ({ barcodes: undefined }), "invalid_message"],
    ["a number beyond all", () => ({ seq: 1e300 }), "number_out_of_range"],
  ])("answers an event with %s, and the next one", async (_, change, code) => {
    const { plate } = await tote();
    const bootId = randomUUID();
    const event: Sent = { ...scan(bootId, 7, plate), from: 7, ...change(plate) };
    await say("conv-1", "scan", event);
    await say("conv-1", "scan", { ...scan(bootId, 8, plate), from: 7 });
    const ack = await ackOf(event.bootId, event.seq);
    expect(ack.refused?.code ?? null).toBe(code);
    expect(await ackOf(bootId, 8)).toEqual({ bootId, seq: 8 });
    if (code !== null) return;
    await eventually(
      async () => diverts.filter(({ cmdId, lpn }) => cmdId.startsWith(bootId) && lpn === plate).length === 2,
      WAIT_MS,
      async () => diverts.slice(-3),
    );
    expect(await letters(bootId)).toEqual([]);
  });

  it.each([
    ["a result that nobody knows", (head: string) => `${head},"result":"OVERSIZE"}`, "invalid_message"],
    ["no end", (head: string) => `${head},"result":"DIV`, "invalid_json"],
  ])("refuses a divert with %s by its number", async (_, body, code) => {
    const bootId = randomUUID();
    const head = `{"bootId":"${bootId}","seq":3,"from":3,"ts":"2026-11-28T14:00:00Z","cmdId":"c","lpn":"x","lane":"manual"`;
    await say("conv-1", "divert", body(head));
    expect((await ackOf(bootId, 3)).refused?.code).toBe(code);
    expect(await letters(bootId)).toEqual([code]);
  });

  it("answers the others at once while one conveyor sends nothing that can be read", async () => {
    const [noise, bootId] = [randomUUID(), randomUUID()];
    for (let seq = 1; seq <= 3_000; seq += 1) {
      plc.publish(`holdfast/${LOCATION}/pack-out/conv-silent/evt/scan`, `{"bootId":"${noise}","seq":${seq}`);
    }
    await say("conv-1", "scan", scan(bootId, 1, "x"));
    expect(await ackOf(bootId, 1)).toEqual({ bootId, seq: 1 });
    const refused = () => acks.filter((ack) => ack.bootId === noise).length;
    await eventually(
      async () => refused() === 3_000,
      30_000,
      async () => refused(),
    );
    expect(await letters(noise)).toHaveLength(3_000);
  }, 60_000);

  it("answers an event once that comes many times while it waits", async () => {
    const bootId = randomUUID();
    const topic = `holdfast/${LOCATION}/pack-out/conv-1/evt/scan`;
    for (let copy = 0; copy < 1_000; copy += 1) plc.publish(topic, JSON.stringify(scan(bootId, 1, "x")));
    await ackOf(bootId, 1);
    // Behind all of them.
    await say("conv-1", "scan", scan(bootId, 2, "x"));
    await ackOf(bootId, 2);
    expect(acks.filter((ack) => ack.bootId === bootId && ack.seq === 1).length).toBeLessThan(500);
  });

  it("takes another event under a number that was used: each tote hears of its own exit", async () => {
    const bootId = randomUUID();
    const [first, second] = await totes(2);
    const ofFirst = scan(bootId, 1, first?.plate ?? "");
    await say("conv-1", "scan", ofFirst);
    await ackOf(bootId, 1);
    await say("conv-1", "scan", scan(bootId, 1, second?.plate ?? ""));
    await say("conv-1", "scan", ofFirst);
    const told = await eventually(async () => {
      const found = diverts.filter(({ cmdId }) => cmdId.startsWith(bootId));
      return found.length >= 3 && found;
    }, WAIT_MS);
    const laneOf = (plate = "") => [...new Set(told.filter(({ lpn }) => lpn === plate).map((t) => t.lane))];
    // Neighbouring plates go to the two portals in turn; a repeat hears what was said before.
    expect([...laneOf(first?.plate), ...laneOf(second?.plate)].sort()).toEqual(["portal-1", "portal-2"]);
    expect(new Set(told.map(({ cmdId }) => cmdId)).size).toBe(2);
    expect(await letters(bootId)).toEqual([]);
  });

  it.each([0, 1])("books what comes after its 16-bit counter has gone from 65535 to %i", async (next) => {
    const bootId = randomUUID();
    const { id, plate } = await tote();
    await say("conv-1", "scan", { ...scan(bootId, 65_535, plate), from: 65_535 });
    await say("conv-1", "divert", { ...divert(bootId, next, plate, "portal-1"), from: next });
    expect(await ackOf(bootId, next)).toEqual({ bootId, seq: next });
    expect(await stageOf(id)).toBe("verifying");
  });

  it("moves no tote of another site", async () => {
    const bootId = randomUUID();
    const { id, plate, orderId } = await tote();
    await say("conv-elsewhere", "divert", divert(bootId, 1, plate, "portal-elsewhere"));
    await say("conv-elsewhere", "scan", scan(bootId, 2, plate));
    for (const seq of [1, 2]) expect((await ackOf(bootId, seq)).refused?.code).toBe("foreign_tote");
    expect(await letters(bootId)).toEqual(["foreign_tote", "foreign_tote"]);
    expect(await stageOf(id)).toBe("waiting");
    const { rows } = await test.database.query("select from order_event where order_id = $1", [orderId]);
    expect(rows).toHaveLength(0);
    // The tote must not stand before the scanner for ever.
    expect(diverts.find(({ cmdId }) => cmdId.startsWith(bootId))?.lane).toBe("exception");
  });

  it("refuses a lane that it does not have, and a tote that nobody knows at a portal", async () => {
    const bootId = randomUUID();
    const { id, plate } = await tote();
    await say("conv-1", "divert", divert(bootId, 1, plate, "lane-99"));
    await say("conv-1", "divert", divert(bootId, 2, plate, "portal-elsewhere"));
    await say("conv-1", "divert", divert(bootId, 3, "nobody", "portal-1"));
    const codes = [];
    for (const seq of [1, 2, 3]) codes.push((await ackOf(bootId, seq)).refused?.code);
    expect(codes).toEqual(["unknown_lane", "unknown_lane", "unknown_tote"]);
    expect(await stageOf(id)).toBe("waiting");
    // Not marked: the next event of the tote counts as ever.
    await say("conv-1", "divert", divert(bootId, 4, plate, "portal-1"));
    expect(await ackOf(bootId, 4)).toEqual({ bootId, seq: 4 });
    expect(await stageOf(id)).toBe("verifying");
  });

  it("sends a tote that goes round and round to people", async () => {
    const bootId = randomUUID();
    const { plate } = await tote();
    for (let seq = 1; seq <= 9; seq += 1) {
      await say("conv-1", "scan", scan(bootId, seq, plate));
      await ackOf(bootId, seq);
    }
    const lanes = diverts.filter(({ cmdId }) => cmdId.startsWith(bootId)).map(({ lane }) => lane);
    expect(lanes.slice(0, 8)).not.toContain("exception");
    expect(lanes[8]).toBe("exception");
  });

  it("takes no retained status as a sign of life, and no retained event", async () => {
    const codes = await eventually(async () => {
      const { rows } = await test.database.query<{ code: string }>(
        "select code from device_dead_letter where topic like '%/conv-retained/%'",
      );
      return rows.length > 0 && rows.map(({ code }) => code);
    }, WAIT_MS);
    expect(codes).toEqual(["retained_message"]);
    // The registry writes once a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await connectionOf("conv-retained")).toBe("offline");
  });

  it("counts as offline when it has said nothing for its time, and as online when it speaks again", async () => {
    const online = () => say("conv-silent", "status", { bootId: "s", connection: "ONLINE" });
    const becomes = (connection: string) =>
      eventually(async () => (await connectionOf("conv-silent")) === connection, WAIT_MS);
    await online();
    await becomes("online");
    await becomes("offline");
    await online();
    await becomes("online");
  });
});

function head(bootId: string, seq: number) {
  return { bootId, seq, ts: "2026-11-28T14:00:00Z" };
}

function scan(bootId: string, seq: number, plate: string): Sent {
  return { ...head(bootId, seq), scanPointId: "scan-1", barcodes: [`]C100${plate}`] };
}

function divert(bootId: string, seq: number, lpn: string, lane: string): Sent {
  return { ...head(bootId, seq), cmdId: `${bootId}-${seq}`, lpn, lane, result: "DIVERTED" };
}
