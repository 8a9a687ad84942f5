/**
 * Trading partners over folders, with the engine and PostgreSQL: a buyer of each format orders, changes,
 * cancels, and takes what we answer.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { Random } from "../../config/seeded-random.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { PartnerSimulator } from "../../integrations/simulator-kit/partner-simulator.ts";
import { readChannelFigures } from "../../store/figures/channel-figures.ts";
import { isCancelRequested } from "../../store/orders/orders.ts";
import { eraseOrder } from "../../store/persons/erase-order.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { sendParcel } from "../../test-support/orders/sent-parcel.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { createProduct } from "../catalog/create-product.ts";
import { connectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";
import { compareChannel } from "./settle.ts";

const KINDS = ["x12", "edifact", "files"] as const;
const ACKNOWLEDGES = { x12: "855", edifact: "ORDRSP", files: "acknowledged" } as const;
const STOCK = { x12: "846", edifact: "INVRPT", files: "stock" } as const;

const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const context = { isProduction: true, simulators: { http: "", smtp: "" }, isPlainRefused: () => false };
const desk = createChannelDesk(context);
const logger = pino({ level: "silent" });
const partners = new Map<string, PartnerSimulator>();
let world: CaptureWorld;
let work: { stop(): Promise<void> };

const partnerOf = (kind: string) => {
  const partner = partners.get(kind);
  if (partner === undefined) throw new Error(`no ${kind}`);
  return partner;
};
const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await world.store.database.query<Row>(text, values)).rows;

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 15_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function receive(sku: string, quantity: number): Promise<void> {
  const received = { type: "receive", sku, locationId: "east", quantity, cause: "test" } as const;
  await world.context.allocator.execute([{ ...received, atMs: Date.now(), commandId: `c-${Math.random()}` }]);
}

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    KINDS.map((kind) => ({ id: kind, kind })),
  );
  for (const [sku, gtin] of [
    ["MUG", "80614141123458"],
    ["POT", "80614141999992"],
  ] as const) {
    const made = await createProduct(
      world.context,
      {
        sku,
        name: `Product ${sku}`,
        weightGrams: 400,
        priceMinor: 1_299,
        currency: "USD",
        hsCode: "9405.41",
        originCountry: "VN",
        gtin,
      },
      "staff:1",
    );
    expect(made.status).toBe("done");
    await receive(sku, 90);
  }
  for (const kind of KINDS) {
    const vendor = channelVendors.find(({ adapter }) => adapter.kind === kind);
    const simulator = await vendor?.api?.simulator();
    const partner = await simulator?.start({
      webhookUrl: null,
      webhookSecret: "none",
      now: Date.now,
      logger,
    });
    if (partner === undefined) throw new Error(`no simulator of ${kind}`);
    partners.set(kind, partner as PartnerSimulator);
    partner.list({ channelSku: "MUG", title: "The MUG", gtin: null, quantity: 0 });
  }
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}, 60_000);

afterAll(async () => {
  await work?.stop();
  for (const partner of partners.values()) await partner.close();
  await world?.close();
});

describe.each(KINDS)("a partner over %s", (kind) => {
  const types = () =>
    partnerOf(kind)
      .received()
      .map(({ name }) => name.split("-")[0]);
  const orderId = (id: string) => `${kind}-${id}`;
  const lineOf = async (id: string) => {
    const [line] = await query<{ quantity: number; cancelled: number }>(
      "select ordered as quantity, cancelled from order_line where order_id = $1",
      [orderId(id)],
    );
    return line;
  };
  const sampleOrder = async (number: number) => {
    const vendor = channelVendors.find(({ adapter }) => adapter.kind === kind);
    return (await vendor?.sampleOrders())?.write(plannedOrder(number, [["MUG", 1]]), new Random(90 + number));
  };
  let id = "";

  test("is connected with what its page asks for, and not with a folder that is not there", async () => {
    const { account } = partnerOf(kind);
    const folder = Object.keys(account).find((name) => name.endsWith("_FOLDER")) ?? "";
    const values = Object.fromEntries(Object.entries(account).filter(([, value]) => value !== ""));
    const connect = (body: Readonly<Record<string, string>>) =>
      connectChannel(
        world.context,
        { desk, box },
        { channelId: kind, body: { values: body, pollSeconds: 2 }, by: "staff:1" },
      );
    expect(await connect({ ...values, [folder]: "/no/such/folder" })).toMatchObject({
      status: "refused",
      code: "channel_account_not_working",
    });
    expect(await connect(values)).toMatchObject({ status: "done" });
  });

  test("gets the stock that it may sell, and its order is acknowledged", async () => {
    await eventually("stock is told", () => (partnerOf(kind).levels().get("MUG") ?? 0) > 0);
    id = partnerOf(kind).place(plannedOrder(7, [["MUG", 5]])) ?? "";
    await eventually("the order is here", async () => (await lineOf(id))?.quantity === 5);
    await eventually("it is acknowledged", () => types().includes(ACKNOWLEDGES[kind]));
    await eventually(
      "its file is done",
      () => readdirSync(join(partnerOf(kind).folder, "done")).length === 1,
    );
    expect(types()).toContain(STOCK[kind]);
    if (kind === "x12") await eventually("and acknowledged as a document", () => types().includes("997"));
    if (kind === "edifact")
      await eventually("and acknowledged as a message", () => types().includes("CONTRL"));
  });

  test("is told of stock no more often than its account says, and then of what there is by then", async () => {
    const reports = () => types().filter((type) => type === STOCK[kind]).length;
    const figures = async () => {
      const [row] = await query<{ wanted: number; told: number }>(
        "select wanted, told from channel_listing where channel_id = $1 and channel_sku = 'MUG'",
        [kind],
      );
      return row;
    };
    const differ = async () => {
      const row = await figures();
      return row !== undefined && row.wanted !== row.told;
    };
    const before = reports();
    await eventually("another figure is there to be told", differ);
    await receive("MUG", 7);
    const available = (await world.context.allocator.available("MUG")) ?? 0;
    await eventually("and another", async () => (await figures())?.wanted === available);
    const [lag] = (await readChannelFigures(world.store.database)).filter(({ channel }) => channel === kind);
    expect(lag).toMatchObject({ stockWaiting: 1, stockWaitingSeconds: 0 });
    await query("update channel_progress set stock_held_until = now() where channel_id = $1", [kind]);
    await eventually("both come as one", () => partnerOf(kind).levels().get("MUG") === available);
    expect(reports()).toBe(before + 1);
  });

  test("is told the SSCC on a parcel once the company has a GS1 prefix, and none that others may have", async () => {
    if (kind === "files") return;
    const notices = () =>
      partnerOf(kind)
        .received()
        .filter(({ name }) => name.startsWith(kind === "x12" ? "856-" : "DESADV-"));
    const own = "106141412345678908";
    const parcelOf = async (number: number, plate: string) => {
      const before = notices().length;
      const placed = partnerOf(kind).place(plannedOrder(number, [["MUG", 1]])) ?? "";
      await eventually("the order is here", async () => (await lineOf(placed))?.quantity === 1);
      await sendParcel(world.store.database, orderId(placed), 1, 1, "east", plate);
      await eventually("its parcel is told", () => notices().length > before);
      return notices().at(-1)?.content ?? "";
    };
    await query("update company set gs1_prefix = '0614141'");
    expect(await parcelOf(41, own)).toContain(kind === "x12" ? `MAN*GM*00${own}` : `GIN+BJ+${own}`);
    // Under the prefix that everybody has who has none.
    expect(await parcelOf(42, "095212340000000014")).not.toMatch(/MAN\*GM|GIN\+BJ/);
    await query("update fulfillment_order set handling_unit = null");
  });

  test("changes its order, where the format has a document for that", async () => {
    if (!partnerOf(kind).edit(id, 0, 2)) return;
    await eventually("three are fewer", async () => {
      const line = await lineOf(id);
      return line !== undefined && line.quantity - line.cancelled === 2;
    });
  });

  test("cancels it, and is not told back what it said", async () => {
    partnerOf(kind).cancel(id);
    // The order's saga, which is not here, stops picking and gives the stock back.
    await eventually("it is to be cancelled", () => isCancelRequested(world.store.database, orderId(id)));
    const [row] = await query<{ count: number }>(
      "select count(*)::int as count from channel_telling where order_id = $1 and kind = 'cancel'",
      [orderId(id)],
    );
    expect(row?.count).toBe(0);
  });

  test("has nothing of the shopper left in its folder once the order's people are erased", async () => {
    const { folder } = partnerOf(kind);
    const naming = () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => /able|1 Main St/i.test(readFileSync(path, "utf8")));
    expect(naming().length).toBeGreaterThan(1);
    // All that was ordered here is of one shopper: what is left of another order would name them, too.
    const orders = await query<{ id: string }>("select id from orders where channel_id = $1", [kind]);
    for (const order of orders)
      await inTransaction(world.store.database, (client) => eraseOrder(client, order.id));
    await eventually("nothing names the shopper", () => naming().length === 0);
    await eventually(
      "and it is written down as done",
      async () => (await query("select from channel_order_to_forget")).length === 0,
    );
    // The partner sends it once more: nothing of it is kept, and the books still know the order.
    const written = await sampleOrder(7);
    partnerOf(kind).send("again.dat", (written?.payload ?? "").replaceAll(written?.externalId ?? "", id));
    await eventually("it is read and gone", () => {
      const names = ["inbox", "done", ".holdfast/claimed"].flatMap((each) => readdirSync(join(folder, each)));
      return !names.some((name) => name.endsWith("again.dat"));
    });
    expect(naming()).toEqual([]);
    await compareChannel(world.context, { channelId: kind, days: 1, by: "staff:1" });
    await eventually(
      "the books are compared",
      async () => (await query("select from channel_comparison where ended_at is null")).length === 0,
    );
    const found = "select kind from channel_difference where channel_id = $1 and subject = $2";
    const kinds = (await query<{ kind: string }>(found, [kind, id])).map((each) => each.kind);
    // Its saga, which is not here, has not cancelled it yet; what the partner has of it is known all the same.
    expect(kinds.filter((each) => each !== "cancellation")).toEqual([]);
  });

  test("finds an order that we cannot read put aside, with an error file that says where", async () => {
    const { folder } = partnerOf(kind);
    const written = await sampleOrder(8);
    const text = (written?.payload ?? "")
      .replace(/SE\*\d+/, "SE*99")
      .replace(/UNT\+\d+/, "UNT+99")
      .replace('"1","12.99"', '"one","12.99"');
    partnerOf(kind).send("wrong.dat", text);
    const errors = () =>
      readdirSync(join(folder, "failed")).filter((name) => name.endsWith("wrong.dat.error.txt"));
    await eventually("it is put aside", () => errors().length === 1);
    const said = readFileSync(join(folder, "failed", errors()[0] ?? ""), "utf8");
    expect(said).toMatch(/^(segment|line) \d+: .*\n {2}What to do: /m);
    expect(await query("select from orders where external_id = $1", [written?.externalId])).toEqual([]);
  });
});
