/** A company's own fields over REST: defined, taken with orders, changed, shown, listed, exported, sealed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CreateCustomFieldBody, CustomFieldView } from "../contract/settings/custom-fields.ts";
import { openDatabase } from "../store/sql/database.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;
let warehouse: Readonly<Record<string, string>>;
beforeAll(async () => {
  world = await startGatewayWorld();
  const { headers } = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "warehouse@acme.example", password: STAFF_PASSWORD },
  });
  warehouse = { cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", origin: world.url };
});
afterAll(() => world?.close());

const saidOf = ({ status, json }: Reply) => [status, json?.code];
const post = (path: string, json: unknown) =>
  world.call("POST", path, { json, headers: { "idempotency-key": crypto.randomUUID() } });
const patch = (path: string, json: unknown) => world.call("PATCH", path, { json });
const read = async (path: string) => (await world.call("GET", path)).json;

async function define(field: CreateCustomFieldBody): Promise<CustomFieldView> {
  const made = await post("/v1/custom-fields", field);
  expect(made.status).toBe(201);
  return made.json;
}

/** Retired, so that the next test's orders need nothing. */
async function retire({ subject, key }: CustomFieldView): Promise<void> {
  const path = `/v1/custom-fields/${subject}/${key}`;
  const { version } = await read(path);
  expect((await patch(path, { version, active: false })).status).toBe(200);
}

const capture = (id: string, change: Readonly<Record<string, unknown>> = {}) =>
  post("/v1/orders", canonicalOrder(id, change));
const edit = (id: string, ...edits: readonly object[]) => post(`/v1/orders/web-${id}/changes`, { edits });

describe("a field", () => {
  test("is defined once, changed from the version that was seen, retired and taken up again", async () => {
    const field = await define({
      subject: "product",
      key: "season",
      label: "Season",
      type: "choice",
      choices: ["Summer"],
    });
    expect(field).toMatchObject({
      version: 2,
      required: false,
      personal: false,
      attribute: null,
      active: true,
    });
    expect(saidOf(await post("/v1/custom-fields", { ...pick(field), type: "text", choices: [] }))).toEqual([
      409,
      "custom_field_exists",
    ]);
    const path = "/v1/custom-fields/product/season";
    const changed = await patch(path, { version: 2, label: "Sold in", choices: ["Summer", "Winter"] });
    expect(changed.json).toMatchObject({ version: 3, label: "Sold in", choices: ["Summer", "Winter"] });
    expect(saidOf(await patch(path, { version: 2, label: "Other" }))).toEqual([409, "setting_changed"]);
    await retire(field);
    expect(saidOf(await post("/v1/custom-fields", pick(field)))).toEqual([409, "custom_field_exists"]);
    expect((await patch(path, { version: 4, active: true })).json.active).toBe(true);
    const { items } = await read("/v1/custom-fields?subject=product");
    expect(items.map(({ key }: CustomFieldView) => key)).toEqual(["season"]);
  });

  test.each<readonly [string, object, number, string]>([
    ["a choice without choices", { type: "choice" }, 422, "custom_field_impossible"],
    ["choices of a text", { type: "text", choices: ["a"] }, 422, "custom_field_impossible"],
    ["personal data of a product", { subject: "product", personal: true }, 422, "custom_field_impossible"],
    ["an attribute of a location", { subject: "location", attribute: "x" }, 422, "custom_field_impossible"],
    ["a key with capitals", { key: "Key" }, 400, "invalid_request"],
    ["a type that there is not", { type: "colour" }, 400, "invalid_request"],
  ])("cannot be: %s", async (_name, change, status, code) => {
    const field = { subject: "order", key: "odd", label: "Odd", type: "text", ...change };
    expect(saidOf(await post("/v1/custom-fields", field))).toEqual([status, code]);
    expect((await world.call("GET", "/v1/custom-fields/order/odd")).status).toBe(404);
    expect((await patch("/v1/custom-fields/order/odd", { version: 1, label: "x" })).status).toBe(404);
  });

  test("that another process defines is taken here at once", async () => {
    expect(saidOf(await capture("cf-early", { customFields: { from_afar: "x" } }))).toEqual([
      422,
      "custom_field_unknown",
    ]);
    const elsewhere = openDatabase(world.database.options.connectionString ?? "");
    await elsewhere.query(
      `insert into custom_field (company_id, subject, key, label, type, required, personal)
       select id, 'order', 'from_afar', 'From afar', 'text', false, false from company`,
    );
    await elsewhere.end();
    await expect
      .poll(async () => (await capture("cf-afar", { customFields: { from_afar: "x" } })).status, {
        timeout: 8_000,
      })
      .toBeLessThan(300);
  });
});

function pick({ subject, key, label, type, choices }: CustomFieldView): CreateCustomFieldBody {
  return { subject, key, label, type, choices: [...choices] };
}

describe("an order's fields", () => {
  beforeAll(async () => {
    await define({ subject: "order", key: "po_number", label: "Purchase order", type: "text" });
    await define({ subject: "order", key: "gift_for", label: "A gift for", type: "text", personal: true });
    await define({
      subject: "order_line",
      key: "engraving",
      label: "Engraving",
      type: "text",
      personal: true,
    });
    await define({ subject: "order", key: "insured", label: "Insured", type: "boolean" });
  });

  test("come with it, are shown by who may see them, and are sealed where they are personal", async () => {
    const sent = await capture("cf-1", {
      customFields: { po_number: "4711", gift_for: "Grace Hopper", insured: true },
      lines: [{ sku: "TEE-1", quantity: 1, unitPrice: "19.99", customFields: { engraving: "For Grace" } }],
    });
    expect(sent.status).toBe(201);
    const { document } = await read("/v1/orders/web-cf-1");
    expect(document).toMatchObject({
      customFields: { po_number: "4711", insured: true },
      personalFields: { gift_for: "Grace Hopper" },
      lines: [{ personalFields: { engraving: "For Grace" } }],
    });
    const hidden = await world.call("GET", "/v1/orders/web-cf-1", { anonymous: true, headers: warehouse });
    expect(hidden.json.document).toMatchObject({
      customFields: { po_number: "4711" },
      personalFields: { gift_for: "(hidden)" },
      lines: [{ personalFields: { engraving: "(hidden)" } }],
    });
    // Another connection has no key: it sees what is stored.
    const raw = openDatabase(world.database.options.connectionString ?? "");
    const { rows } = await raw.query("select document::text as text from orders where id = 'web-cf-1'");
    await raw.end();
    expect(rows[0].text).toContain("4711");
    expect(rows[0].text).not.toContain("Grace");
  });

  test.each<readonly [object, string]>([
    [{ unheard_of: "x" }, "custom_field_unknown"],
    [{ engraving: "x" }, "custom_field_unknown"],
    [{ insured: "yes" }, "custom_field_invalid"],
    [{ po_number: 4711 }, "custom_field_invalid"],
  ])("%j of our own shop is refused by name, and nothing is kept", async (customFields, code) => {
    const before = await world.counts();
    expect(saidOf(await capture("cf-refused", { customFields }))).toEqual([422, code]);
    expect((await world.counts())["orders"]).toBe(before["orders"]);
  });

  test("are changed by edits, which say what was changed without telling it to everybody", async () => {
    await capture("cf-2", { customFields: { po_number: "1" } });
    const done = await edit(
      "cf-2",
      { kind: "custom_field", key: "po_number", value: "2" },
      { kind: "custom_field", key: "gift_for", value: "Grace Hopper" },
      { kind: "custom_field", key: "engraving", value: "G. H.", lineId: "1" },
    );
    expect(done.status).toBe(200);
    const { document } = await read("/v1/orders/web-cf-2");
    expect(document).toMatchObject({
      revision: 2,
      customFields: { po_number: "2" },
      personalFields: { gift_for: "Grace Hopper" },
      lines: [{ personalFields: { engraving: "G. H." } }],
    });
    const { rows } = await world.database.query(
      "select summary from order_event where order_id = 'web-cf-2' and type = 'order.changed'",
    );
    expect(rows).toEqual([{ summary: "Changed: custom fields of line 1, custom fields." }]);
    const revisions = await world.call("GET", "/v1/orders/web-cf-2/revisions", {
      anonymous: true,
      headers: warehouse,
    });
    expect(revisions.text).not.toContain("Grace");
    await edit("cf-2", { kind: "custom_field", key: "gift_for", value: null });
    expect((await read("/v1/orders/web-cf-2")).document.personalFields).toBeUndefined();
  });

  test.each<readonly [object, number, string]>([
    [{ key: "unheard_of", value: "x" }, 422, "custom_field_unknown"],
    [{ key: "engraving", value: "x" }, 422, "custom_field_unknown"],
    [{ key: "insured", value: "yes" }, 422, "custom_field_invalid"],
    [{ key: "engraving", value: "x", lineId: "9" }, 422, "line_not_found"],
    [{ key: "po_number", value: { a: 1 } }, 400, "invalid_request"],
  ])("an edit to %j changes nothing", async (change, status, code) => {
    await capture("cf-3");
    const said = await edit("cf-3", { kind: "note", note: "new" }, { kind: "custom_field", ...change });
    expect(saidOf(said)).toEqual([status, code]);
    expect((await read("/v1/orders/web-cf-3")).document.note).toBeUndefined();
  });

  test("find and export orders, unless they are personal data", async () => {
    await capture("cf-4", { customFields: { po_number: "A:1 b", insured: false, gift_for: "Grace Hopper" } });
    const found = await read(`/v1/orders?field=${encodeURIComponent("po_number:A:1 b")}`);
    expect(found.items.map(({ id }: { id: string }) => id)).toEqual(["web-cf-4"]);
    expect((await read("/v1/orders?field=insured:no")).items).toHaveLength(1);
    expect(saidOf(await world.call("GET", "/v1/orders?field=gift_for:Grace"))).toEqual([
      422,
      "custom_field_invalid",
    ]);
    expect(saidOf(await world.call("GET", "/v1/orders?field=unheard_of:1"))).toEqual([
      422,
      "custom_field_unknown",
    ]);
    const { text } = await world.call("GET", "/v1/orders/export.csv?q=cf-4");
    const [head = "", row = ""] = text.split("\r\n");
    expect(head).toContain(",field:po_number,");
    expect(head).not.toContain("gift_for");
    expect(row).toContain(",A:1 b,false");
  });

  test("an order of a channel waits for one that is required, until an edit sets it", async () => {
    const field = await define({
      subject: "order",
      key: "cost_center",
      label: "Cost center",
      type: "number",
      required: true,
      attribute: "note_attribute:Cost center",
    });
    const shopify = (id: number, value: string) => {
      const body = JSON.stringify({
        id,
        name: `#${id}`,
        currency: "USD",
        line_items: [{ id: 1, sku: "TEE-1", quantity: 1, price: "19.99", title: "Tee" }],
        total_price: "19.99",
        financial_status: "paid",
        note_attributes: [{ name: "Cost center", value }],
        customer: { first_name: "Ada", last_name: "L" },
        shipping_address: {
          name: "Ada",
          address1: "1 Main Street",
          city: "New York",
          zip: "10001",
          country_code: "US",
        },
      });
      return world.call("POST", "/v1/orders?channel=shopify", {
        body,
        headers: { "idempotency-key": String(id), "content-type": "application/json" },
      });
    };
    expect((await shopify(9_001, "12")).json).toMatchObject({ outcome: "accepted" });
    expect((await read("/v1/orders/shopify-9001")).document.customFields).toEqual({ cost_center: 12 });
    const held = await shopify(9_002, "twelve");
    expect(held.json).toMatchObject({ outcome: "held", holdReasons: [{ code: "custom_field_unusable" }] });
    // Nobody lets it go before it is there.
    const kept = await shopify(9_003, "");
    expect(kept.json.holdReasons).toMatchObject([{ code: "custom_field_unusable" }]);
    expect(saidOf(await post("/v1/orders/shopify-9003/release-hold", {}))).toEqual([409, "hold_not_cleared"]);
    const set = { kind: "custom_field", key: "cost_center", value: 7 };
    expect((await post("/v1/orders/shopify-9003/changes", { edits: [set] })).status).toBe(200);
    expect((await read("/v1/orders/shopify-9003")).summary).toMatchObject({
      status: "open",
      holdReasons: [],
    });
    const away = { ...set, value: null };
    expect(saidOf(await post("/v1/orders/shopify-9003/changes", { edits: [away] }))).toEqual([
      422,
      "custom_field_missing",
    ]);
    await retire(field);
    expect((await post("/v1/orders/shopify-9002/release-hold", {})).status).toBe(200);
    // What a retired field has can still be taken away, and not be set.
    expect(saidOf(await post("/v1/orders/shopify-9001/changes", { edits: [set] }))).toEqual([
      422,
      "custom_field_unknown",
    ]);
    expect((await post("/v1/orders/shopify-9001/changes", { edits: [away] })).status).toBe(200);
  });
});

test("products, locations and returns have fields of their own, each value checked, all of them or none", async () => {
  for (const subject of ["location", "return"] as const)
    await define({ subject, key: "checked_on", label: "Checked on", type: "date" });
  const set = (path: string, values: object) => post(`${path}/custom-fields`, { values });
  expect((await set("/v1/products/TEE-1", { season: "Winter" })).json).toEqual({
    customFields: { season: "Winter" },
  });
  expect((await read("/v1/products/TEE-1")).customFields).toEqual({ season: "Winter" });
  expect(saidOf(await set("/v1/products/TEE-1", { season: "Summer", other: 1 }))).toEqual([
    422,
    "custom_field_unknown",
  ]);
  expect(saidOf(await set("/v1/products/TEE-1", { season: "Spring" }))).toEqual([
    422,
    "custom_field_invalid",
  ]);
  expect(saidOf(await set("/v1/products/none", { season: "Winter" }))).toEqual([404, "product_not_found"]);
  expect((await read("/v1/products/TEE-1")).customFields).toEqual({ season: "Winter" });
  expect((await set("/v1/locations/east", { checked_on: "2027-03-31" })).status).toBe(200);
  expect((await read("/v1/locations/east")).customFields).toEqual({ checked_on: "2027-03-31" });
  expect((await set("/v1/locations/east", { checked_on: null })).json).toEqual({ customFields: {} });
  expect(saidOf(await set("/v1/returns/none", { checked_on: null }))).toEqual([404, "return_not_found"]);
  const { items } = await read("/v1/setting-changes");
  expect(items).toContainEqual(
    expect.objectContaining({ subject: "custom-values:product:TEE-1", version: 2 }),
  );
});
