/**
 * What a fulfillment order advertises, and what it does when it is asked: in every state every action that is
 * served works, and every other one is refused with a code and changes nothing.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { confirmPick } from "../operations/floor/confirm-pick.ts";
import {
  FLOOR_STAGES,
  FULFILLMENT_ORDER_ACTIONS,
  FULFILLMENT_ORDER_STATUSES,
  type FulfillmentOrderAction,
} from "../orders/fulfillment-order.ts";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";
import { type PackingTable, packingTable } from "../test-support/orders/packing-table.ts";
import { routeTable } from "./routes/route-table.ts";

let world: GatewayWorld;
let count = 0;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     select id, 'acme', id, 'fulfillment_center', (select address from location where id = 'east'), 40, -74
     from unnest(array['west', 'empty']) as l(id)`,
  );
  await world.database.query("update location set active = false where id = 'empty'");
  const receive = { type: "receive", atMs: Date.now(), cause: "test", sku: "TEE-1" } as const;
  await world.engine.client.execute([
    { ...receive, commandId: "west", locationId: "west", quantity: 100_000 },
  ]);
});
afterAll(() => world?.close());

const BODIES: Readonly<Record<FulfillmentOrderAction, object>> = {
  hold: { reason: "Ask the customer." },
  release_hold: {},
  move: { locationId: "west" },
  split: { lines: [{ lineId: "1", quantity: 1 }] },
  merge: {},
  reschedule: { releaseOn: "2199-12-24" },
  mark_as_open: {},
  create_fulfillment: {},
  mark_fulfilled_elsewhere: { carrier: "UPS", trackingNumber: "1Z" },
  cancel_fulfillment_order: { reason: "Not wanted." },
};

const post = (path: string, json: unknown, key?: string) =>
  world.call("POST", path, { json, ...(key === undefined ? {} : { headers: { "idempotency-key": key } }) });
const act = (id: string, action: string, json: unknown, key?: string) =>
  post(`/v1/fulfillment-orders/${id}/${action}`, json, key);

async function table(): Promise<PackingTable> {
  count += 1;
  const part = await packingTable(world, `act-${count}`);
  await world.database.query("update order_line set allocated = ordered where order_id = $1", [part.orderId]);
  return part;
}

async function set(id: string, change: string): Promise<void> {
  await world.database.query(`update fulfillment_order set ${change} where id = $1`, [id]);
}

async function hold(part: PackingTable, code: string): Promise<void> {
  await set(part.id, "status = 'on_hold'");
  await world.database.query(
    `update orders set status = 'on_hold', hold_reasons = jsonb_build_array(jsonb_build_object('code', $2::text,
       'detail', 'Look.', 'fulfillmentOrderId', $3::text)) where id = $1`,
    [part.orderId, code, part.id],
  );
}

/** As a robot's pick is written. */
async function pick({ id, context }: PackingTable): Promise<void> {
  const { rows } = await world.database.query<{ holdId: string; quantity: number }>(
    `select hold_id as "holdId", quantity from fulfillment_order_line where fulfillment_order_id = $1`,
    [id],
  );
  const cause = "device:r1";
  const picked = await confirmPick(context, { fulfillmentOrderId: id, picked: rows, cause, key: "r1" });
  expect(picked).toEqual({ status: "done", short: false });
}

async function packed(part: PackingTable): Promise<void> {
  expect((await act(part.id, "pack", {})).status).toBe(200);
}

/** How a fulfillment order comes into each state. */
const STATES: Readonly<Record<string, (part: PackingTable) => Promise<void>>> = {
  open: (part) => set(part.id, "status = 'open'"),
  "waiting on the floor": async () => {},
  scheduled: async (part) => {
    expect((await act(part.id, "reschedule", BODIES.reschedule)).status).toBe(200);
  },
  "being picked": (part) => set(part.id, "stage = 'picking'"),
  picked: pick,
  "on a conveyor": async (part) => {
    await pick(part);
    await set(part.id, "stage = 'conveying'");
  },
  "at a portal": async (part) => {
    await pick(part);
    await set(part.id, "stage = 'verifying'");
  },
  packed,
  labelled: async (part) => {
    await packed(part);
    await set(part.id, "stage = 'labelled'");
  },
  leaving: async (part) => {
    await packed(part);
    await set(part.id, "stage = 'shipped'");
  },
  "kept in its store": async (part) => {
    await packed(part);
    await set(part.id, "stage = 'ready'");
  },
  "held by staff": async (part) => {
    expect((await act(part.id, "hold", BODIES.hold)).status).toBe(200);
  },
  "held by the floor": (part) => hold(part, "floor_exception"),
  "held while it is being picked": async (part) => {
    await set(part.id, "stage = 'picking'");
    await hold(part, "floor_exception");
  },
  "picked and held by staff": async (part) => {
    await pick(part);
    await hold(part, "put_by_staff");
  },
  "packed and held by its carrier": async (part) => {
    await packed(part);
    await hold(part, "floor_exception");
  },
  "labelled and held by staff": async (part) => {
    await packed(part);
    await set(part.id, "stage = 'labelled'");
    await hold(part, "put_by_staff");
  },
  "held with its whole order": async (part) => {
    expect((await post(`/v1/orders/${part.orderId}/hold`, { reason: "Fraud?" })).status).toBe(200);
  },
  incomplete: (part) => set(part.id, "status = 'incomplete'"),
  closed: (part) => set(part.id, "status = 'closed', stage = 'shipped'"),
  cancelled: (part) => set(part.id, "status = 'cancelled'"),
};

async function rows(orderId: string): Promise<unknown> {
  const { rows } = await world.database.query(
    `select (select jsonb_agg(to_jsonb(f) - 'updated_at' order by f.id) from fulfillment_order f
         where f.order_id = $1) as parts,
       (select jsonb_agg(to_jsonb(l) order by l.fulfillment_order_id, l.hold_id) from fulfillment_order_line l
         where starts_with(l.fulfillment_order_id, $1)) as lines,
       (select jsonb_agg(to_jsonb(l)) from order_line l where l.order_id = $1) as ledger,
       (select count(*)::int from order_event e where e.order_id = $1) as entries`,
    [orderId],
  );
  return rows[0];
}

async function viewOf(part: PackingTable) {
  const { json } = await world.call("GET", `/v1/orders/${part.orderId}`);
  return json.fulfillmentOrders.find(({ id }: { readonly id: string }) => id === part.id);
}

test("every state of the model is tried", () => {
  // Statuses and stages that these names stand for; a new one has to be added here.
  expect(FULFILLMENT_ORDER_STATUSES).toHaveLength(7);
  expect(FLOOR_STAGES).toHaveLength(9);
});

test("every action has its route, and takes a permission", () => {
  for (const action of FULFILLMENT_ORDER_ACTIONS) {
    const route = routeTable.find(({ path }) => path === `/v1/fulfillment-orders/{id}/${action}`);
    expect(route?.access.kind, action).toBe("permission");
  }
});

test.each(
  Object.keys(STATES).flatMap((state) => [false, true].map((hasSibling) => [state, hasSibling] as const)),
)("%s (another part: %s): what is served works, what is not is refused", async (state, hasSibling) => {
  for (const action of FULFILLMENT_ORDER_ACTIONS) {
    const part = await table();
    if (hasSibling) {
      expect((await act(part.id, "split", BODIES.split)).status).toBe(200);
      await world.database.query("update fulfillment_order set status = 'in_progress' where order_id = $1", [
        part.orderId,
      ]);
    }
    await STATES[state]?.(part);
    const served: readonly string[] = (await viewOf(part)).supportedActions;
    const before = await rows(part.orderId);
    const reply = await act(part.id, action, BODIES[action]);
    if (served.includes(action)) {
      expect(reply.status, `${action} in ${state}: ${reply.text}`).toBe(200);
      expect(await rows(part.orderId)).not.toEqual(before);
    } else {
      expect(reply.status, `${action} in ${state}: ${reply.text}`).toBe(409);
      expect(reply.json.code, action).toMatch(/^[a-z_]+$/);
      expect(await rows(part.orderId)).toEqual(before);
    }
  }
});

test("whoever may not cancel an order does not cancel it by its only part, nor lines of it by another", async () => {
  const signedIn = async (role: string) => {
    const reply = await world.call("POST", "/v1/sessions", {
      anonymous: true,
      json: { email: `${role}@acme.example`, password: STAFF_PASSWORD },
    });
    return { cookie: (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
  };
  const part = await table();
  const cancel = async (role: string) =>
    world.call("POST", `/v1/fulfillment-orders/${part.id}/cancel_fulfillment_order`, {
      anonymous: true,
      headers: { ...(await signedIn(role)), "idempotency-key": `cancel-${role}-${part.id}` },
      json: BODIES.cancel_fulfillment_order,
    });
  const before = await world.counts();
  const refused = await cancel("warehouse");
  expect([refused.status, refused.json.code, refused.json.detail]).toEqual([
    403,
    "forbidden",
    "This needs the permission orders.cancel.",
  ]);
  const { order_event: events } = await world.counts();
  expect(events).toBe(before["order_event"]);
  expect((await cancel("service")).status).toBe(200);
});
