import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ChannelConnection } from "../../../ports/channel-connection.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import { openShop, placed, plannedOrder, wordOf } from "../../../test-support/vendors/connection-contract.ts";
import type { PartnerSimulator } from "../../simulator-kit/partner-simulator.ts";
import { x12Adapter } from "./adapter.ts";
import { x12 } from "./vendor.ts";

async function open() {
  const { shop, connection } = await openShop(x12);
  return { partner: shop as PartnerSimulator, connection };
}

async function lookAt(connection: ChannelConnection): Promise<string[]> {
  const payloads: string[] = [];
  let page: string | null = null;
  do {
    const read: { payloads: readonly string[]; next: string | null } = await connection.readOrders({
      sinceMs: 0,
      page,
    });
    payloads.push(...read.payloads);
    page = read.next;
  } while (page !== null);
  return payloads;
}

const names = (partner: PartnerSimulator, part: string) =>
  readdirSync(join(partner.folder, part)).map((name) => name.split("_").at(-1) ?? "");
const errorText = (partner: PartnerSimulator) => {
  const name = readdirSync(join(partner.folder, "failed")).find((each) => each.endsWith(".error.txt")) ?? "";
  return readFileSync(join(partner.folder, "failed", name), "utf8");
};
const types = (partner: PartnerSimulator) => partner.received().map(({ name }) => name.split("-")[0]);
const account = (partner: PartnerSimulator, more: Readonly<Record<string, string>> = {}) =>
  x12.api?.connect({ ...partner.account, ...more }) as Promise<ChannelConnection>;

/** What the simulated buyer would send, before it lies in the inbox. */
function order(partner: PartnerSimulator, number: number): { id: string; text: string } {
  const id = placed(partner, plannedOrder(number));
  const [name = ""] = names(partner, "inbox");
  const text = readFileSync(join(partner.folder, "inbox", name), "utf8");
  return { id, text };
}

test("a file that is still being written is left alone: by its name, by its age, and without its end", async () => {
  const { partner } = await open();
  const { text } = order(partner, 1);
  const [whole = ""] = names(partner, "inbox");
  for (const name of ["b.edi.part", "c.edi.tmp", ".d.edi", "e.edi~", "f.filepart"])
    writeFileSync(join(partner.folder, "inbox", name), text);
  writeFileSync(join(partner.folder, "inbox", "half.edi"), text.slice(0, 300));
  const patient = await account(partner, { X12_SETTLE_SECONDS: "60" });
  utimesSync(join(partner.folder, "inbox", whole), new Date(), new Date());
  expect(await lookAt(patient)).toEqual([]);
  const hasty = await account(partner);
  expect((await lookAt(hasty)).length).toBe(1);
  expect(names(partner, "inbox").sort()).toEqual([
    ".d.edi",
    "b.edi.part",
    "c.edi.tmp",
    "e.edi~",
    "f.filepart",
    "half.edi",
  ]);
  expect(names(partner, "failed")).toEqual([]);
});

test("what has no end for a quarter of an hour is put aside, with what is wrong and what to do", async () => {
  const { partner, connection } = await open();
  const { text } = order(partner, 1);
  await lookAt(connection);
  writeFileSync(
    join(partner.folder, "inbox", "half.edi"),
    text.slice(0, 300).replace(/\d{9}\*0\*P/, "000000777*0*P"),
  );
  const before = new Date(Date.now() - 16 * 60_000);
  utimesSync(join(partner.folder, "inbox", "half.edi"), before, before);
  expect(await lookAt(connection)).toEqual([]);
  expect(names(partner, "failed").sort()).toEqual(["half.edi", "half.edi.error.txt"]);
  expect(errorText(partner)).toMatch(
    /segment \d+: The last segment has no end: the text is cut short\.\n {2}What to do: Ask the partner/,
  );
  expect(errorText(partner)).toContain("Nothing of this file was taken.");
  expect(types(partner)).toEqual(["997", "TA1"]);
});

test("links, folders and empty files are not read, and hold up nobody", async () => {
  const { partner, connection } = await open();
  const inbox = join(partner.folder, "inbox");
  symlinkSync("/etc/hostname", join(inbox, "link.edi"));
  mkdirSync(join(inbox, "folder.edi"));
  writeFileSync(join(inbox, "empty.edi"), "");
  order(partner, 1);
  expect((await lookAt(connection)).length).toBe(1);
  expect(names(partner, "done")).toEqual(["000001.edi"]);
});

test("the same interchange again changes nothing and is not answered again; its number with another content is refused", async () => {
  const { partner, connection } = await open();
  const { text } = order(partner, 1);
  expect((await lookAt(connection)).length).toBe(1);
  partner.send("again.edi", text);
  expect(await lookAt(connection)).toEqual([]);
  expect(types(partner)).toEqual(["997"]);
  partner.send("other.edi", text.replace("BEG*00*SA*PO", "BEG*00*SA*PX"));
  expect(await lookAt(connection)).toEqual([]);
  expect(errorText(partner)).toContain("came before, with something else in it: nothing of this is taken");
  expect(types(partner)).toEqual(["997", "TA1"]);
  expect(names(partner, "done").sort()).toEqual(["000001.edi", "again.edi"]);
});

test("an order that was not taken puts its file aside, and the file may come again", async () => {
  const { partner, connection } = await open();
  const { id, text } = order(partner, 1);
  const page = await connection.readOrders({ sinceMs: 0, page: null });
  await connection.noteRefused?.(page.next, [
    { externalId: id, code: "currency_unknown", detail: "XXX is none." },
  ]);
  await connection.readOrders({ sinceMs: 0, page: page.next });
  expect(errorText(partner)).toContain(
    `order ${id}: The order was not taken: XXX is none. (currency_unknown)`,
  );
  partner.send("again.edi", text);
  expect((await lookAt(connection)).length).toBe(1);
  expect(names(partner, "done")).toEqual(["again.edi"]);
});

test("a change whose order has not come waits in failed, and counts once it is put back after the order", async () => {
  const { partner, connection } = await open();
  const { id, text } = order(partner, 1);
  partner.edit(id, 0, 1);
  const change = readFileSync(join(partner.folder, "inbox", "000002.edi"), "utf8");
  expect(
    (await lookAt(connection)).map((payload) => onlyOrder(x12Adapter, payload).lines[0]?.quantity),
  ).toEqual([1]);
  const other = await open();
  other.partner.send("change.edi", change);
  expect(await lookAt(other.connection)).toEqual([]);
  expect(errorText(other.partner)).toContain(`It changes order ${id}, which has not come.`);
  other.partner.send("order.edi", text);
  await lookAt(other.connection);
  other.partner.send("change.edi", change);
  expect(
    (await lookAt(other.connection)).map((payload) => onlyOrder(x12Adapter, payload).lines[0]?.quantity),
  ).toEqual([1]);
});

test("what the partner rejects is put aside with its reason, shows in the books, and goes out anew under a new number", async () => {
  const { partner, connection } = await open();
  const { id } = order(partner, 1);
  const [payload = ""] = await lookAt(connection);
  const ship = wordOf("ship", onlyOrder(x12Adapter, payload));
  expect(await connection.tell(ship)).toMatchObject({ status: "told", reference: "856-000000002.edi" });
  expect(await connection.readOrderStates([id])).toMatchObject([{ state: "complete" }]);
  const rejection = [
    "ISA*00*          *00*          *ZZ*SAMPLEBUYER    *ZZ*HOLDFAST       *260305*2150*U*00401*000003439*0*P*>~",
    "GS*FA*SAMPLEBUYER*HOLDFAST*20260305*2150*1422*X*004010~",
    "ST*997*0001~AK1*SH*2~AK2*856*0001~AK3*REF*7**8~AK5*R*5~AK9*R*1*1*0~SE*7*0001~",
    "GE*1*1422~IEA*1*000003439~",
  ].join("\n");
  partner.send("997.edi", rejection);
  await lookAt(connection);
  expect(errorText(partner)).toContain(
    "856-000000002.edi: The partner has rejected it: segment 7 (REF): has elements in error",
  );
  expect(await connection.readOrderStates([id])).toMatchObject([{ state: "open", lines: [{ shipped: 0 }] }]);
  expect(await connection.tell(ship)).toMatchObject({ status: "told", reference: "856-000000003.edi" });
  expect(await connection.tell(ship)).toMatchObject({ status: "already", reference: "856-000000003.edi" });
  expect(types(partner).sort()).toEqual(["856", "856", "997"]);
});

test("an answer to what we never sent is said, and changes nothing", async () => {
  const { partner, connection } = await open();
  partner.send(
    "997.edi",
    "ISA*00*          *00*          *ZZ*SAMPLEBUYER    *ZZ*HOLDFAST       *260305*2150*U*00401*000003439*0*P*>~GS*FA*A*B*20260305*2150*1*X*004010~ST*997*0001~AK1*SH*77~AK9*R*1*1*0~SE*4*0001~GE*1*1~IEA*1*000003439~",
  );
  await lookAt(connection);
  expect(errorText(partner)).toContain("answer to 77: Nothing was sent under this number.");
  expect(types(partner)).toEqual([]);
});

test("a folder that is not there, or is another partner's, is said and never made", async () => {
  const { partner, connection } = await open();
  expect(await connection.tryConnection()).toMatchObject({ works: true });
  const other = await account(partner, { X12_PARTNER_ID: "SOMEBODYELSE" });
  expect(await other.tryConnection()).toEqual({
    works: false,
    detail:
      "the folder belongs to another partner (ZZ:SAMPLEBUYER (X12)); give each partner a folder of its own",
  });
  const none = await account(partner, { X12_FOLDER: join(partner.folder, "none") });
  expect((await none.tryConnection()).detail).toContain(
    `there is no folder ${join(partner.folder, "none", "inbox")}`,
  );
  expect(readdirSync(partner.folder)).not.toContain("none");
});

test("a folder with a key.txt is used by whoever has the key, which no message shows", async () => {
  const { partner } = await open();
  writeFileSync(join(partner.folder, "key.txt"), "a-key-of-twenty-letters\n");
  const stranger = await (
    await account(partner, { X12_FOLDER_KEY: "another-key-of-letters" })
  ).tryConnection();
  expect(stranger.works).toBe(false);
  expect(stranger.detail).not.toContain("letters");
  expect((await (await account(partner)).tryConnection()).works).toBe(false);
  expect(
    (await (await account(partner, { X12_FOLDER_KEY: "a-key-of-twenty-letters" })).tryConnection()).works,
  ).toBe(true);
});
