/**
 * A partner's folder under crashes: the process ends before each single thing that it does to the disk, once
 * at every place, and another one goes on. What the partner has then got and given is the same as without.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { projectRoot } from "../../../config/project-root.ts";
import type { ChannelConnection, OrderWord } from "../../../ports/channel-connection.ts";
import { type Disk, realDisk } from "../../partner-folder/disk.ts";
import { createFolderConnection } from "../../partner-folder/folder-connection.ts";
import { createX12Format } from "./format.ts";
import { readInterchange } from "./interchange.ts";
import { x12PartnerOf } from "./partner.ts";
import { x12Side } from "./simulator.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

class Killed extends Error {}

/** Does so many things, then nothing any more. */
function mortalDisk(steps: number): Disk {
  let left = steps;
  const mortal =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> => {
      if (left <= 0) return Promise.reject(new Killed());
      left -= 1;
      return work(...args);
    };
  return {
    list: (folder) => (left <= 0 ? Promise.reject(new Killed()) : realDisk.list(folder)),
    facts: (path) => (left <= 0 ? Promise.reject(new Killed()) : realDisk.facts(path)),
    read: (path) => (left <= 0 ? Promise.reject(new Killed()) : realDisk.read(path)),
    write: mortal(realDisk.write),
    create: mortal(realDisk.create),
    move: mortal(realDisk.move),
    remove: mortal(realDisk.remove),
    makeFolder: mortal(realDisk.makeFolder),
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-crash-"));
  folders.push(folder);
  for (const name of ["inbox", "outbox", "taken"]) mkdirSync(join(folder, name));
  return folder;
}

function connect(folder: string, disk: Disk): ChannelConnection {
  const partner = x12PartnerOf(x12Side.account(folder));
  return createFolderConnection(
    createX12Format(partner, Date.now),
    { folder, settleMs: 0, partner: "ZZ:SAMPLEBUYER (X12)", key: "", stockPauseMs: 0 },
    { disk },
  );
}

const interchange = (control: number, type: string, set: readonly string[]) =>
  [
    `ISA*00*          *00*          *ZZ*SAMPLEBUYER    *ZZ*HOLDFAST       *260305*2140*U*00401*${String(control).padStart(9, "0")}*0*P*>~`,
    `GS*${type === "997" ? "FA" : "PO"}*SAMPLEBUYER*HOLDFAST*20260305*2140*${control}*X*004010~`,
    `ST*${type}*0001~`,
    ...set,
    `SE*${set.length + 2}*0001~`,
    `GE*1*${control}~`,
    `IEA*1*${String(control).padStart(9, "0")}~`,
    "",
  ].join("\n");

const order = (control: number, number: string) =>
  interchange(control, "850", [
    `BEG*00*SA*${number}**20260305~`,
    "N1*ST*STORE 38*92*0038~",
    "N3*1 MAIN ST~",
    "N4*AUSTIN*TX*78704*US~",
    "PO1*1*10*EA*9.25**VN*AB3542~",
    "CTT*1~",
  ]);

function give(folder: string, name: string, content: string): void {
  writeFileSync(join(folder, "inbox", name), content);
}

/** As the partner's transfer software does: what it has sent on is gone from the outbox. */
function take(folder: string): void {
  for (const name of readdirSync(join(folder, "outbox")).filter((each) => !each.startsWith(".")))
    renameSync(join(folder, "outbox", name), join(folder, "taken", `${Math.random()}_${name}`));
}

const taken = (folder: string) =>
  readdirSync(join(folder, "taken"))
    .map((name) => ({
      name: name.split("_")[1] ?? "",
      content: readFileSync(join(folder, "taken", name), "utf8"),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));

const names = (folder: string, part: string) =>
  readdirSync(join(folder, part)).filter((name) => !name.startsWith("."));

/** As whoever reads a channel does: an order counts once its page is noted, and a page is gone on from. */
type Reader = { page: string | null; readonly orders: Map<string, string[]> };

async function look(connection: ChannelConnection, reader: Reader): Promise<void> {
  for (;;) {
    const page = await connection.readOrders({ sinceMs: 0, page: reader.page });
    for (const payload of page.payloads) {
      const number = payload.split("\u001d").find((part) => part.startsWith("PO-")) ?? payload;
      reader.orders.set(number, [...(reader.orders.get(number) ?? []), payload]);
    }
    reader.page = page.next;
    if (page.next === null) return;
  }
}

const word = (kind: "acknowledge" | "ship" | "cancel"): OrderWord => {
  const told = {
    key: `${kind}:PO-1`,
    order: {
      orderId: "shop-PO-1",
      externalId: "PO-1",
      externalNumber: "PO-1",
      externalIds: {},
      currency: "USD",
    },
  };
  const lines = [{ externalLineId: "1", channelSku: "AB3542", quantity: 4 }];
  if (kind === "acknowledge") return { ...told, kind };
  if (kind === "cancel") return { ...told, kind, lines, isWhole: false, reason: "out_of_stock" };
  return {
    ...told,
    kind,
    shipmentId: "SH-1",
    carrier: "UPS",
    service: "Ground",
    trackingNumber: "1Z999AA10123456784",
    trackingUrl: null,
    shippedAt: "2026-03-06T10:00:00.000Z",
    lines,
  };
};

async function everything(connection: ChannelConnection, reader: Reader): Promise<void> {
  await look(connection, reader);
  for (const kind of ["acknowledge", "ship", "cancel"] as const) await connection.tell(word(kind));
  await connection.tellStock([{ channelSku: "AB3542", listing: {}, quantity: 7 }], "stock-1");
}

function prepare(folder: string): void {
  give(folder, "a.edi", order(11, "PO-1"));
  give(folder, "b.edi", `${order(12, "PO-2")}${order(13, "PO-3")}`);
  give(folder, "c.edi", order(14, "PO-4").replace("SE*8*", "SE*9*"));
  give(
    folder,
    "d.edi",
    interchange(15, "860", ["BCH*04*SA*PO-2**1*20260306~", "POC*1*QD*6**EA***VN*AB3542~"]),
  );
}

const EXPECTED = ["846", "855", "855", "856", "997", "997", "997", "997", "997"];

function examine(folder: string, reader: Reader, what: string): void {
  const documents = taken(folder);
  expect([what, documents.map(({ name }) => name.split("-")[0]).sort()]).toEqual([what, EXPECTED]);
  const numbers = documents.map(({ content }) => Number(readInterchange(content).interchange?.control));
  expect([what, [...numbers].sort((one, other) => one - other)]).toEqual([
    what,
    EXPECTED.map((_, index) => index + 1),
  ]);
  expect([what, names(folder, "inbox"), names(folder, ".holdfast/claimed")]).toEqual([what, [], []]);
  expect([what, names(folder, ".holdfast/staged")]).toEqual([what, []]);
  const done = names(folder, "done").map((name) => name.split("_").at(-1));
  expect([what, done.sort()]).toEqual([what, ["a.edi", "b.edi", "d.edi"]]);
  const failed = names(folder, "failed").map((name) => name.split("_").at(-1));
  expect([what, failed.sort()]).toEqual([what, ["c.edi", "c.edi.error.txt"]]);
  expect([what, [...reader.orders.keys()].sort()]).toEqual([what, ["PO-1", "PO-2", "PO-3"]]);
  expect([what, reader.orders.get("PO-2")?.at(-1)?.includes("BCH")]).toEqual([what, true]);
}

const newReader = (): Reader => ({ page: null, orders: new Map() });

/**
 * A process that ended between two files has written what it has; a staged file of none is cleared a day
 * later.
 */
async function settleStaged(folder: string): Promise<void> {
  for (const name of names(folder, ".holdfast/staged")) {
    const number = name.slice(0, 9);
    const isWritten = names(folder, ".holdfast/sent").includes(`${number}.json`);
    const sent = isWritten
      ? (JSON.parse(readFileSync(join(folder, ".holdfast/sent", `${number}.json`), "utf8")) as {
          staged: string;
        })
      : null;
    // What is written down has to have been delivered by now.
    expect(sent?.staged).not.toBe(name);
    rmSync(join(folder, ".holdfast/staged", name));
  }
}

test("without a crash each file is read, answered and ended, and each word told, once", async () => {
  const folder = newFolder();
  prepare(folder);
  const reader = newReader();
  await everything(connect(folder, realDisk), reader);
  await everything(connect(folder, realDisk), reader);
  take(folder);
  examine(folder, reader, "no crash");
});

test("whatever it ended before, the next process neither loses nor doubles a document", {
  timeout: 300_000,
}, async () => {
  let steps = 0;
  for (let isOver = false; !isOver; steps += 1) {
    const folder = newFolder();
    prepare(folder);
    const reader = newReader();
    try {
      await everything(connect(folder, mortalDisk(steps)), reader);
      isOver = true;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    // The partner has taken what there was by then: it must not come again.
    take(folder);
    await everything(connect(folder, realDisk), reader);
    await settleStaged(folder);
    take(folder);
    examine(folder, reader, `ended before step ${steps}`);
    rmSync(folder, { recursive: true, force: true });
  }
  expect(steps).toBeGreaterThan(60);
});

test("two processes that have the same folder at once send each word once, under different numbers", async () => {
  const folder = newFolder();
  prepare(folder);
  const reader = newReader();
  await look(connect(folder, realDisk), reader);
  const both = [connect(folder, realDisk), connect(folder, realDisk)];
  await Promise.all(
    both.flatMap((connection) =>
      (["acknowledge", "ship", "cancel"] as const).map((kind) => connection.tell(word(kind))),
    ),
  );
  await connect(folder, realDisk).tellStock([{ channelSku: "AB3542", listing: {}, quantity: 7 }], "stock-1");
  take(folder);
  examine(folder, reader, "two at once");
});

/** Reads and tells as fast as it can, for as long as it lives. */
const WORKER = `
  const { x12 } = await import(process.env.VENDOR);
  const connection = await x12.api.connect(JSON.parse(process.env.ACCOUNT));
  const words = JSON.parse(process.env.WORDS);
  let page = null;
  process.stdout.write("begun");
  for (;;) {
    ({ next: page } = await connection.readOrders({ sinceMs: 0, page }));
    for (const word of words) await connection.tell(word);
  }
`;

test("a process that is killed again and again leaves one document of each word", {
  timeout: 120_000,
}, async () => {
  const folder = newFolder();
  const vendor = join(projectRoot, "dist", "integrations", "channels", "x12", "vendor.js");
  for (let number = 1; number <= 30; number += 1)
    give(folder, `${String(number).padStart(3, "0")}.edi`, order(100 + number, `PO-${number}`));
  const words = Array.from({ length: 30 }, (_, index) => {
    const id = `PO-${index + 1}`;
    const told = word("acknowledge");
    return { ...told, key: `acknowledge:${id}`, order: { ...told.order, externalId: id } };
  });
  const env = {
    ...process.env,
    VENDOR: vendor,
    ACCOUNT: JSON.stringify(x12Side.account(folder)),
    WORDS: JSON.stringify(words),
  };
  for (let life = 0; life < 12; life += 1) {
    const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", WORKER], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (child.stdout !== null) await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 15 + life * 23));
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    take(folder);
  }
  const connection = connect(folder, realDisk);
  await look(connection, newReader());
  for (const each of words) await connection.tell(each);
  take(folder);
  const documents = taken(folder);
  const acknowledged = documents
    .filter(({ name }) => name.startsWith("855"))
    .map(({ content }) => /BAK\*00\*AD\*([^*]*)/.exec(content)?.[1]);
  expect(acknowledged.sort()).toEqual(words.map(({ order: { externalId } }) => externalId).sort());
  expect(documents.filter(({ name }) => name.startsWith("997")).length).toBe(30);
  const numbers = documents.map(({ content }) => Number(readInterchange(content).interchange?.control));
  expect(numbers.sort((one, other) => one - other)).toEqual(documents.map((_, index) => index + 1));
  expect(names(folder, "done").length).toBe(30);
});
