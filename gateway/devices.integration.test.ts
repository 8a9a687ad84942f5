/** Devices as people register, change and look at them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeDeadLetter } from "../store/floor/dead-letters.ts";
import { writeDeviceEvents } from "../store/floor/device-events.ts";
import { knowsDeviceSecret } from "../store/floor/device-passwords.ts";
import { type GatewayWorld, type Reply, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json.code];

const robot = (id: string, change: Readonly<Record<string, unknown>> = {}) => ({
  id,
  name: `Robot ${id}`,
  kind: "robot",
  locationId: "east",
  protocol: "vda5050-2.1",
  ...change,
});

const register = (body: unknown, key: string = crypto.randomUUID()) =>
  world.call("POST", "/v1/devices", { json: body, headers: { "idempotency-key": key } });

const post = (path: string, key: string = crypto.randomUUID()) =>
  world.call("POST", path, { json: {}, headers: { "idempotency-key": key } });

async function changesOf(subject: string) {
  const { json } = await world.call("GET", "/v1/setting-changes");
  return (json.items as readonly { subject: string; changes: { field: string }[] }[]).filter(
    (change) => change.subject === subject,
  );
}

describe("a device that is registered", () => {
  test("is told its secret once, and of the secret a hash is kept and nothing else", async () => {
    const key = crypto.randomUUID();
    const first = await register(robot("r1", { settings: { manufacturer: "acme" } }), key);
    expect(first.status, first.text).toBe(201);
    const { secret, device, acl } = first.json;
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(device).toMatchObject({ id: "r1", enabled: true, version: 2, settings: { manufacturer: "acme" } });
    expect(acl.mosquitto.acl).toBe(
      [
        "user r1",
        "topic write uagv/v2/acme/r1/state",
        "topic write uagv/v2/acme/r1/connection",
        "topic write uagv/v2/acme/r1/factsheet",
        "topic write uagv/v2/acme/r1/visualization",
        "topic read uagv/v2/acme/r1/order",
        "topic read uagv/v2/acme/r1/instantActions",
        "",
      ].join("\n"),
    );
    expect(acl.mosquitto.passwordLine).toMatch(/^r1:\$7\$101\$[\w+/=]{16}\$[\w+/=]{88}$/);
    expect(await knowsDeviceSecret(world.database, "r1", secret)).toBe(true);

    const again = await register(robot("r1", { settings: { manufacturer: "acme" } }), key);
    expect(again.status).toBe(201);
    expect(again.json).toEqual({ ...first.json, secret: null });

    const { rows } = await world.database.query<{ text: string }>(
      `select concat((select string_agg(d::text, '') from device d),
                     (select string_agg(k::text, '') from idempotency_key k),
                     (select string_agg(c::text, '') from setting_change c)) as text`,
    );
    expect(rows[0]?.text).toContain("r1");
    expect(rows[0]?.text).not.toContain(secret);
  });

  test("has no password where its certificate says who it is", async () => {
    const { json } = await register(robot("by-certificate", { credentials: "certificate" }));
    expect([json.secret, json.acl.mosquitto.passwordLine]).toEqual([null, null]);
    expect(await knowsDeviceSecret(world.database, "by-certificate", "")).toBe(false);
  });

  test.each([
    ["an id that is no level of a topic", { id: "r/1" }, 400, "invalid_request", "id"],
    ["the bridge's name", { id: "holdfast-bridge" }, 422, "device_settings_invalid", "the bridge's own"],
    ["an unknown place", { locationId: "nowhere" }, 404, "location_not_found", "nowhere"],
    [
      "a protocol of another kind",
      { protocol: "holdfast-conveyor" },
      422,
      "device_protocol_unknown",
      "vda5050-2.0",
    ],
    [
      "topics with a wildcard",
      { settings: { topicRoot: "a/+/b" } },
      422,
      "device_settings_invalid",
      "topicRoot",
    ],
    [
      "a manufacturer with a slash",
      { settings: { manufacturer: "a/b" } },
      422,
      "device_settings_invalid",
      "manufacturer",
    ],
    ["a field that there is not", { colour: "red" }, 400, "invalid_request", "colour"],
    [
      "a portal whose threshold is absurd",
      { kind: "rfid_portal", protocol: "zebra-iot-connector", settings: { weakestDbm: 40 } },
      422,
      "device_settings_invalid",
      "weakestDbm is not from -120 to 0",
    ],
    ["another's id", { id: "r1" }, 409, "device_exists", "r1"],
    [
      "another's topics",
      { settings: { topicRoot: "uagv/v2/acme/r1" } },
      409,
      "device_topic_taken",
      '"r1" speaks on these topics',
    ],
  ])("is not one with %s", async (_what, change, status, code, word) => {
    const before = await world.counts();
    const reply = await register(robot("new-one", change));
    expect(saidOf(reply)).toEqual([status, code]);
    expect(reply.json.detail).toContain(word);
    const { idempotency_key: _, ...after } = await world.counts();
    expect(after).toEqual(
      Object.fromEntries(Object.entries(before).filter(([table]) => table !== "idempotency_key")),
    );
  });

  test("is changed by whoever has seen the newest, and what changed is kept", async () => {
    await register(robot("r2"));
    const change = (json: unknown) => world.call("PATCH", "/v1/devices/r2", { json });
    const moved = await change({ version: 2, protocol: "vda5050-3.0", name: "Second" });
    expect(moved.json).toMatchObject({ version: 3, protocol: "vda5050-3.0", name: "Second", kind: "robot" });
    expect(saidOf(await change({ version: 2, name: "Third" }))).toEqual([409, "setting_changed"]);
    expect(saidOf(await change({ version: 3, settings: { topicRoot: "#" } }))).toEqual([
      422,
      "device_settings_invalid",
    ]);
    expect((await world.call("GET", "/v1/devices/r2")).json).toMatchObject({ name: "Second", version: 3 });
    const [last] = await changesOf("device:r2");
    expect(last?.changes.map(({ field }) => field).sort()).toEqual(["name", "protocol"]);
    expect((await world.call("GET", "/v1/devices/r2/acl")).json.publish[0]).toBe("vda5050/v3/+/r2/state");
    expect(
      saidOf(await world.call("PATCH", "/v1/devices/nobody", { json: { version: 1, name: "x" } })),
    ).toEqual([404, "device_not_found"]);
  });

  test("gets a new password, and the one before no longer counts", async () => {
    const first = (await register(robot("r3"))).json.secret;
    const second = (await post("/v1/devices/r3/rotate")).json.secret;
    expect(second).not.toBe(first);
    expect(await knowsDeviceSecret(world.database, "r3", first)).toBe(false);
    expect(await knowsDeviceSecret(world.database, "r3", second)).toBe(true);
    expect((await changesOf("device:r3"))[0]?.changes.map(({ field }) => field)).toEqual([
      "passwordIssuedAt",
    ]);
  });

  test("is switched off and on; off, its password opens nothing", async () => {
    const { secret } = (await register(robot("r4"))).json;
    expect((await post("/v1/devices/r4/disable")).json.enabled).toBe(false);
    expect((await post("/v1/devices/r4/disable")).json.version).toBe(3);
    expect(await knowsDeviceSecret(world.database, "r4", secret)).toBe(false);
    const listed = (await world.call("GET", "/v1/devices")).json.items.find(
      ({ id }: { id: string }) => id === "r4",
    );
    expect(listed).toMatchObject({ enabled: false, activity: "switched off" });
    expect((await post("/v1/devices/r4/enable")).json.enabled).toBe(true);
    expect(await knowsDeviceSecret(world.database, "r4", secret)).toBe(true);
  });

  test("is seen by service, and registered by operations only", async () => {
    const signIn = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: "service@acme.example", password: STAFF_PASSWORD },
    });
    const cookie = (signIn.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
    const as = (method: string, path: string, json?: unknown) =>
      world.call(method, path, { anonymous: true, headers: { cookie, origin: world.url }, json });
    expect((await as("GET", "/v1/devices")).status).toBe(200);
    expect(saidOf(await as("POST", "/v1/devices", robot("r5")))).toEqual([403, "forbidden"]);
    expect(saidOf(await as("GET", "/v1/devices/r1/acl"))).toEqual([403, "forbidden"]);
  });
});

test("what each kind speaks and which settings it has is told, so that a form can offer it", async () => {
  const { items } = (await world.call("GET", "/v1/devices/kinds")).json;
  expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(["robot", "conveyor", "rfid_portal"]);
  expect(items[2].protocols).toContain("zebra-iot-connector");
  expect(items[2].fields).toContainEqual({
    name: "weakestDbm",
    type: "number",
    unit: "dBm",
    usual: -65,
    help: "Weaker reads are a neighbour's tags.",
  });
});

describe("messages that were put aside", () => {
  const letter = (topic: string, payload: Buffer, code = "unknown_device") =>
    writeDeadLetter(world.database, { deviceId: "r1", topic, payload, code, detail: "no device r1" });

  const list = async (query = "") => (await world.call("GET", `/v1/devices/dead-letters${query}`)).json;

  test("are listed newest first, by device and by code, and shown with their bytes", async () => {
    await letter("zebra/r1/data", Buffer.from([0x7b, 0x00, 0xff, 0x7d]), "invalid_json");
    await letter("zebra/r1/data", Buffer.from("{}"));
    const { items } = await list("?device=r1");
    expect(items.map(({ code }: { code: string }) => code)).toEqual(["unknown_device", "invalid_json"]);
    const [only] = (await list("?code=invalid_json")).items;
    const { json } = await world.call("GET", `/v1/devices/dead-letters/${only.id}`);
    expect(Buffer.from(json.payload, "base64")).toEqual(Buffer.from([0x7b, 0x00, 0xff, 0x7d]));
    expect(json).toMatchObject({ size: 4, canRetry: true, retry: "none" });
    const first = await list("?limit=1");
    expect((await list(`?limit=1&cursor=${first.next}`)).items[0].code).toBe("invalid_json");
    expect((await list("?device=another")).items).toEqual([]);
  });

  test("can be asked to be tried again, once at a time", async () => {
    const [{ id }] = (await list("?code=unknown_device")).items;
    const asked = await post(`/v1/devices/dead-letters/${id}/retry`);
    expect(asked.json).toMatchObject({ retry: "asked", retryAskedBy: expect.stringContaining("api-key:") });
    expect((await post(`/v1/devices/dead-letters/${id}/retry`)).json.retry).toBe("asked");
  });

  test("cannot be tried again where they were kept in part, say how a device was, or are not there", async () => {
    await letter("zebra/r1/data", Buffer.alloc(20_000), "message_too_large");
    await letter("uagv/v2/acme/r1/state", Buffer.from("{}"), "device_disabled");
    for (const code of ["message_too_large", "device_disabled"]) {
      const [{ id, canRetry }] = (await list(`?code=${code}`)).items;
      expect(canRetry).toBe(false);
      expect(saidOf(await post(`/v1/devices/dead-letters/${id}/retry`))).toEqual([
        409,
        "dead_letter_not_retriable",
      ]);
    }
    for (const id of ["999999999", "x", "99999999999999999999"]) {
      expect(saidOf(await post(`/v1/devices/dead-letters/${id}/retry`))).toEqual([
        404,
        "dead_letter_not_found",
      ]);
    }
  });
});

test("what happened to devices is listed newest first, by device and by kind", async () => {
  await writeDeviceEvents(world.database, [
    { deviceId: "r1", kind: "online", detail: "", count: 1 },
    { deviceId: null, kind: "dead_letter", detail: "unknown_device", count: 12 },
  ]);
  const { items } = (await world.call("GET", "/v1/devices/events")).json;
  expect(items).toMatchObject([
    { deviceId: null, kind: "dead_letter", detail: "unknown_device", count: 12 },
    { deviceId: "r1", kind: "online" },
  ]);
  expect((await world.call("GET", "/v1/devices/events?kind=online&device=r1")).json.items).toHaveLength(1);
  expect(saidOf(await world.call("GET", "/v1/devices/events?kind=nonsense"))).toEqual([
    400,
    "invalid_request",
  ]);
});
