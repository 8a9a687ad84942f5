/** Invoices that are uploaded to Amazon, over its simulator: where it wants them, once, and what it refuses. */
import { describe, expect, test } from "vitest";
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  faultOfCall,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  type ShopWorld,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { exchangeCheck } from "../../../test-support/vendors/described-exchanges.ts";
import { hasVendor, vendorNote } from "../../../test-support/vendors/vendor-descriptions.ts";
import { amazonAdapter } from "./adapter.ts";
import type { InvoiceWord } from "./invoice.ts";
import type { AmazonSimulator } from "./simulator/simulator.ts";
import { amazon } from "./vendor.ts";

const GERMANY = "A1PA6795UKMFR9";
const UNITED_STATES = "ATVPDKIKX0DER";
const SELLER = "Northwind GmbH|Kai 12|20457 Hamburg|Germany|VAT DE123456789";

const check = hasVendor("amazon")
  ? exchangeCheck(
      ["feeds_2021-06-30", "orders_2026-01-01", "ordersV0", "listingsItems_2021-08-01"].map(
        (file) => `amazon/${file}.swagger.json`,
      ),
      { isOther: ({ request }) => /^\/(auth|_documents)\//.test(request.path) },
    )
  : null;

type World = ShopWorld & { readonly shop: AmazonSimulator; readonly seller: ChannelConnection };

async function openSeller(values: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = await openShop(amazon);
  fillShop(world.shop);
  const seller = await amazon.api?.connect({
    ...world.shop.account,
    AMAZON_QUEUE_URL: "",
    AMAZON_MARKETPLACES: `${GERMANY},${UNITED_STATES}`,
    AMAZON_INVOICE_SELLER: SELLER,
    ...values,
  });
  if (seller === undefined) throw new Error("Amazon has an API");
  return { ...world, shop: world.shop as AmazonSimulator, seller };
}

/** Bought at a marketplace, with taxes, and sent unless it is said otherwise. */
async function sold(
  world: World,
  options: { readonly at?: string; readonly isSent?: boolean; readonly taxPercent?: number } = {},
): Promise<InvoiceWord> {
  const { at = GERMANY, isSent = true, taxPercent = 19 } = options;
  world.shop.sellAt(at);
  const id = placed(world.shop, { ...plannedOrder(1), taxPercent });
  const order = onlyOrder(amazonAdapter, (await world.seller.readOrder(id)) ?? "");
  if (isSent) expect(await world.seller.tell(wordOf("ship", order))).toMatchObject({ status: "told" });
  const word = wordOf("invoice", order);
  if (word.kind !== "invoice") throw new Error("no invoice");
  return word;
}

const uploads = ({ shop }: World) => [...shop.feeds.invoices.values()];

describe(`an invoice${vendorNote("amazon")}`, () => {
  test("is uploaded as a PDF under its number, with its exact amounts, to its order's marketplace alone", async () => {
    const world = await openSeller();
    const word = await sold(world);
    const asked: (readonly string[])[] = [];
    const told = await world.seller.tell({
      ...word,
      document: (seller) => {
        asked.push(seller);
        return word.document(seller);
      },
    });
    expect(told).toMatchObject({ status: "told", reference: expect.any(String) });
    // 2 at 12.99 and shipping of 4.99; 19 % of the goods.
    expect(uploads(world)).toMatchObject([
      { externalId: word.order.externalId, number: word.number, total: "35.91", tax: "4.94", times: 1 },
    ]);
    expect(uploads(world)[0]?.pdf.toString()).toBe(`%PDF-1.4 ${word.number}`);
    expect(asked).toEqual([["Northwind GmbH", "Kai 12", "20457 Hamburg", "Germany", "VAT DE123456789"]]);
    const [feed] = world.exchanges.filter(
      ({ request }) => request.method === "POST" && /\/feeds$/.test(request.path),
    );
    expect(JSON.parse(feed?.request.body.toString("utf8") ?? "").marketplaceIds).toEqual([GERMANY]);
    expect(world.exchanges.flatMap((exchange) => check?.problemsOf(exchange) ?? [])).toEqual([]);
  });

  test("that is told again, also after an answer that was lost, is the same one there", async () => {
    const world = await openSeller();
    const word = await sold(world);
    world.shop.faults.nextWrite = "reply-lost";
    expect(await faultOfCall(() => world.seller.tell(word))).toMatchObject({ retryable: true });
    for (let time = 0; time < 2; time += 1)
      expect(await world.seller.tell(word)).toMatchObject({ status: "told" });
    expect(uploads(world)).toHaveLength(1);
  });

  test("waits until Amazon knows that the goods have left", async () => {
    const world = await openSeller();
    const word = await sold(world, { isSent: false });
    const waits = { code: "not_dispatched", retryable: true, retryAfterMs: 900_000 };
    expect(await faultOfCall(() => world.seller.tell(word))).toMatchObject(waits);
    const order = onlyOrder(amazonAdapter, (await world.seller.readOrder(word.order.externalId)) ?? "");
    await world.seller.tell(wordOf("ship", order));
    expect(await world.seller.tell(word)).toMatchObject({ status: "told" });
  });

  test("is refused in Amazon's words where Amazon makes the account's invoices, or finds other amounts", async () => {
    const world = await openSeller();
    const word = await sold(world);
    world.shop.feeds.makesInvoices = true;
    expect(await world.seller.tell(word)).toMatchObject({
      status: "refused",
      code: "79525",
      message: `Amazon will generate invoice for shipmentId N/A, orderId ${word.order.externalId}`,
    });
    world.shop.feeds.makesInvoices = false;
    const total = { ...word.total, minor: word.total.minor * 2 };
    expect(await world.seller.tell({ ...word, total })).toMatchObject({ status: "refused", code: "79520" });
    expect(await world.seller.tell({ ...word, document: async () => Buffer.from("<html>") })).toMatchObject({
      status: "refused",
      code: "79503",
    });
    expect(uploads(world)).toEqual([]);
  });

  test("that the application may not upload is a person's, and keeps no other word waiting", async () => {
    const world = await openSeller();
    const word = await sold(world);
    world.shop.feeds.deniesInvoices = true;
    expect(await world.seller.tell(word)).toMatchObject({
      status: "refused",
      code: "invoices_not_allowed",
      message: expect.stringContaining("Tax Invoicing (Restricted)"),
    });
    // The whole account locked out is another matter: that is no fault of the word's.
    const locked = await amazon.api?.connect({
      ...world.shop.account,
      AMAZON_REFRESH_TOKEN: "Atzr|ended",
      AMAZON_INVOICE_SELLER: SELLER,
    });
    expect(await faultOfCall(() => locked?.tell(word) ?? Promise.resolve())).toMatchObject({
      code: "unauthorized",
    });
  });

  test("that says no tax, that corrects another, or of an order that was cancelled is a person's", async () => {
    const world = await openSeller();
    const word = await sold(world);
    const minor = (money: typeof word.total, value: number) => ({ ...money, minor: value });
    expect(await world.seller.tell({ ...word, tax: minor(word.tax, 0) })).toMatchObject({
      status: "refused",
      code: "no_tax_stated",
    });
    expect(await world.seller.tell({ ...word, total: minor(word.total, -500) })).toMatchObject({
      status: "refused",
      code: "credit_note",
    });
    const other = await sold(world, { isSent: false });
    world.shop.cancel(other.order.externalId);
    expect(await world.seller.tell(other)).toMatchObject({ code: "cancelled_at_channel" });
    expect(uploads(world)).toEqual([]);
  });
});

describe("no invoice is made", () => {
  test("of orders of other marketplaces, and of those whose buyer Amazon invoices", async () => {
    const { seller } = await openSeller();
    const wants = (MarketplaceId: string, attributes: Readonly<Record<string, string>> = {}) =>
      seller.wantsInvoice?.({ externalIds: { MarketplaceId }, attributes });
    expect(wants(GERMANY)).toBe(true);
    expect(wants(UNITED_STATES)).toBe(false);
    expect(wants("")).toBe(false);
    expect(wants(GERMANY, { IsIBA: "true" })).toBe(false);
  });

  test("for an account that has not said who issues them, or sells where Amazon takes none", async () => {
    expect((await openSeller()).seller.tells.has("invoice")).toBe(true);
    expect((await openSeller({ AMAZON_INVOICE_SELLER: "" })).seller.tells.has("invoice")).toBe(false);
    const american = await openSeller({ AMAZON_MARKETPLACES: UNITED_STATES });
    expect(american.seller.tells.has("invoice")).toBe(false);
    const word = await sold(american, { at: UNITED_STATES });
    expect(await american.seller.tell(word)).toMatchObject({ status: "refused", code: "no_invoices_here" });
  });

  test("for a seller without an address", () => {
    const variable = amazon.api?.variables.find(({ name }) => name === "AMAZON_INVOICE_SELLER");
    expect(variable?.problemOf?.(SELLER)).toBeNull();
    for (const wrong of ["Northwind", "a|b", " | | ", Array.from({ length: 9 }, () => "x").join("|")])
      expect(variable?.problemOf?.(wrong)).toContain("parts with |");
  });
});
