/**
 * A channel over files: the connection to a trading partner who puts documents into a folder and takes ours
 * from another. What carries them between the two companies, AS2, SFTP or a VAN, is a provider's.
 *
 * The partner's folder has to be there, with `inbox` and `outbox` in it: only a folder that was made for this
 * is ever written to. Where several companies share a system, a `key.txt` in it says who may use it. Beside
 * them the connection makes `done`, `failed` and `.holdfast`, which is its own.
 *
 * F1 An order is what the partner's documents about it come to; each document counts once (N1).
 * F2 A file that was handed out is ended by the next page of the same look: by then its orders are committed.
 * F3 The books that a comparison asks for are the documents that have gone either way, less those that the
 *    partner has rejected: what was rejected shows as a difference.
 * F4 Of an order whose people were erased its units and its total stay, for the books; of what comes of it
 *    afterwards nothing is kept.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import { addMoney, zeroMoney } from "../../orders/money.ts";
import type {
  ChannelConnection,
  Listing,
  OrderAtChannel,
  OrderNotTaken,
  OrdersAsked,
  OrdersPage,
  OrderWord,
  StockLevel,
  StockTold,
  Told,
} from "../../ports/channel-connection.ts";
import { ServiceFault } from "../../ports/service-fault.ts";
import { type Disk, realDisk } from "./disk.ts";
import { type ClaimedFile, createIncomingFiles } from "./incoming-files.ts";
import {
  type FileProblem,
  type PartnerDocument,
  type PartnerFormat,
  type PartnerOrder,
  UnwritableDocument,
} from "./partner-format.ts";
import { createPartnerListings } from "./partner-listings.ts";
import { createPartnerOrders, type ForgottenOrder } from "./partner-orders.ts";
import { createSentDocuments, type Sent } from "./sent-documents.ts";

export type FolderSettings = {
  /** Absolute, with `inbox` and `outbox` in it. */
  readonly folder: string;
  /** How long nobody may have written to a file before it is read, milliseconds. */
  readonly settleMs: number;
  /** At least so long lies between two reports of stock, milliseconds; 0: each change is reported. */
  readonly stockPauseMs: number;
  /** Who the two sides are; a folder serves one partner. */
  readonly partner: string;
  /** What `key.txt` in the folder has to hold, where there is one. */
  readonly key: string;
};

const PAGE_ORDERS = 100;
const STOCK_BATCH = 500;

export function createFolderConnection(
  format: PartnerFormat,
  settings: FolderSettings,
  options: { readonly now?: () => number; readonly disk?: Disk } = {},
): ChannelConnection {
  const { folder } = settings;
  const now = options.now ?? Date.now;
  const disk = options.disk ?? realDisk;
  const state = join(folder, ".holdfast");
  const [inbox, outbox, done, failed] = ["inbox", "outbox", "done", "failed"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const service = format.adapter.kind;
  const orders = createPartnerOrders(disk, join(state, "orders"));
  const sent = createSentDocuments(disk, { state, outbox }, format.extension);
  const files = createIncomingFiles(
    disk,
    format,
    { inbox, done, failed, state },
    { settleMs: settings.settleMs, now },
  );
  const listings = createPartnerListings(disk, { folder, state }, orders, (documents) =>
    orderIn(format, format.join(documents)),
  );
  let isReady = false;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other, each with the folders there; what the system refuses is the partner's fault. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = turn.then(async () => {
      try {
        await prepare();
        return await work();
      } catch (error) {
        throw faultOf(service, folder, error);
      }
    });
    turn = mine.catch(() => {});
    return mine;
  };

  const prepare = async (): Promise<void> => {
    if (isReady) return;
    await examineFolder(service, folder, [inbox, outbox]);
    const key = (await disk.read(join(folder, "key.txt")))?.toString("utf8").trim() ?? "";
    if (key !== "" && !isSame(key, settings.key))
      throw new ServiceFault(
        "the folder has a key.txt, and the account's folder key is another: enter what it holds",
        { service, code: "folder_key_wrong", retryable: false, status: 403 },
      );
    for (const each of ["claimed", "received", "orders", "staged", "sent", "answers", "told", "keys"])
      await disk.makeFolder(join(state, each));
    await disk.makeFolder(done);
    await disk.makeFolder(failed);
    const claim = join(state, "partner.txt");
    if (!(await disk.create(claim, settings.partner))) {
      const owner = (await disk.read(claim))?.toString("utf8") ?? "";
      if (owner !== settings.partner)
        throw new ServiceFault(
          `the folder belongs to another partner (${owner}); give each partner a folder of its own`,
          { service, code: "folder_in_use", retryable: false, status: 403 },
        );
    }
    await sent.heal();
    isReady = true;
  };

  /** What has come is written down: each order with its documents, each answer to ours. */
  const receive = async (): Promise<void> => {
    for (const name of await files.claim()) {
      const file = await files.read(name);
      if (file !== null) await takeDown(file);
    }
  };

  const takeDown = async (file: ClaimedFile): Promise<void> => {
    for (const { documents, isKnown, isRepeat } of file.exchanges) {
      if (isKnown || isRepeat) continue;
      for (const document of documents) {
        if (document.kind === "answer")
          await sent.noteAnswer(document.number, {
            isAccepted: document.isAccepted,
            detail: document.detail,
            atMs: now(),
          });
        else if (document.kind === "order" || (await orders.find(document.externalId)) !== null) {
          await orders.add(document.externalId, document.text, file.cameMs);
          await listings.noteOrder(document.externalId);
        }
      }
    }
  };

  const payloadOf = async (externalId: string): Promise<string | null> => {
    const kept = await orders.find(externalId);
    return kept === null || kept.forgotten !== undefined ? null : format.join(kept.documents);
  };

  /** All that the books need of an order as the partner has it. */
  const figuresOf = async (externalId: string): Promise<ForgottenOrder | null> => {
    const forgotten = (await orders.find(externalId))?.forgotten;
    if (forgotten !== undefined) return forgotten;
    const order = await orderAt(externalId);
    return order === null ? null : figuresIn(order);
  };

  const isForgotten = async (externalId: string): Promise<boolean> =>
    (await orders.find(externalId))?.forgotten !== undefined;

  /** The order's own file last: as long as it is there, what a crash has left is found again. */
  const forget = async (externalIds: readonly string[]): Promise<void> => {
    for (const externalId of externalIds) {
      const figures = await figuresOf(externalId);
      if (figures === null) continue;
      await sent.removeWaiting(externalId);
      await orders.forget(externalId, figures);
    }
    await files.removeOf(isForgotten);
  };

  const orderAt = async (externalId: string): Promise<IncomingOrder | null> => {
    const payload = await payloadOf(externalId);
    return payload === null ? null : orderIn(format, payload);
  };

  const endBatch = async (id: string): Promise<void> => {
    const batch = await files.batch(id);
    if (batch === null) return;
    const refusals = await files.refusals(id);
    for (const name of batch.names) {
      const file = await files.read(name);
      if (file !== null) await endFile(file, refusals);
    }
    await files.endBatch();
  };

  const endFile = async (file: ClaimedFile, refusals: readonly OrderNotTaken[]): Promise<void> => {
    const problems = await problemsOf(file, refusals);
    for (const [place, exchange] of file.exchanges.entries()) {
      const { answer, isRepeat, isKnown, id } = exchange;
      if (answer === null || isKnown) continue;
      await sent.send(
        `answer:${id ?? file.name}:${isRepeat || exchange.problems.length > 0 ? `${file.name}:${place}` : ""}`,
        { kind: "answer", externalId: null, lines: [], isWhole: true },
        (number) => answer(number, isRepeat),
        now(),
      );
    }
    await files.end(file, problems);
    if (await namesForgotten(file)) await files.removeOf(isForgotten);
  };

  const namesForgotten = async ({ exchanges }: ClaimedFile): Promise<boolean> => {
    for (const { documents } of exchanges)
      for (const document of documents)
        if (document.kind !== "answer" && (await isForgotten(document.externalId))) return true;
    return false;
  };

  const problemsOf = async (
    file: ClaimedFile,
    refusals: readonly OrderNotTaken[],
  ): Promise<readonly FileProblem[]> => {
    const problems: FileProblem[] = [];
    for (const { id, documents, problems: own, isKnown, isRepeat } of file.exchanges) {
      if (isKnown) continue;
      if (isRepeat) {
        problems.push({
          place: "file",
          what: `The number ${id ?? ""} came before, with something else in it: nothing of this is taken.`,
          advice: "Ask the partner to send it once more under a new control number.",
        });
        continue;
      }
      problems.push(...own);
      for (const document of documents) problems.push(...(await problemOf(document, refusals)));
    }
    return problems;
  };

  const problemOf = async (
    document: PartnerDocument,
    refusals: readonly OrderNotTaken[],
  ): Promise<readonly FileProblem[]> => {
    if (document.kind === "answer") {
      const about = await sent.find(document.number);
      if (about === null)
        return [
          {
            place: `answer to ${document.number}`,
            what: "Nothing was sent under this number.",
            advice: "Ask the partner which document is meant; an answer to another company's is not ours.",
          },
        ];
      if (document.isAccepted) return [];
      return [
        {
          place: about.fileName,
          what: `The partner has rejected it: ${document.detail}`,
          advice:
            "Put right what it says, then send it again under Channels, Told: it goes out under a new number.",
        },
      ];
    }
    const { externalId } = document;
    if (document.kind === "change" && (await orders.find(externalId)) === null)
      return [
        {
          place: document.place,
          what: `It changes order ${externalId}, which has not come.`,
          advice: "Have the order sent, and put this file into the inbox again after it.",
        },
      ];
    return refusals
      .filter((refusal) => refusal.externalId === externalId)
      .map(({ code, detail }) => ({
        place: `order ${externalId}`,
        what: `The order was not taken: ${detail} (${code})`,
        advice: "Put right what it says, here or at the partner; docs/errors.md has the code.",
      }));
  };

  const kept = async (sinceMs: number, untilMs: number, page: string | null): Promise<OrdersPage> => {
    const all = await orders.changedBetween(sinceMs, untilMs);
    const from = page === null ? 0 : Number(page.slice("kept:".length));
    const some = all.slice(from, from + PAGE_ORDERS);
    const payloads = await Promise.all(some.map(({ externalId }) => payloadOf(externalId)));
    return {
      payloads: payloads.filter((payload): payload is string => payload !== null),
      next: from + PAGE_ORDERS < all.length ? `kept:${from + PAGE_ORDERS}` : null,
      newestMs: some.at(-1)?.changedMs ?? null,
    };
  };

  const fresh = async (page: string | null): Promise<OrdersPage> => {
    if (page?.startsWith("read:")) await endBatch(page.slice("read:".length));
    // A look takes what was there when it began, so that it has an end.
    else await receive();
    const batch = await files.nextBatch();
    if (batch === null) return { payloads: [], next: null, newestMs: null };
    const ids = new Set<string>();
    const read: ClaimedFile[] = [];
    for (const name of batch.names) {
      const file = await files.read(name);
      if (file !== null) read.push(file);
    }
    for (const file of read) await takeDown(file);
    // A change may lie in an earlier file than its order.
    for (const file of read) await takeDown(file);
    for (const { exchanges } of read)
      for (const { documents, isKnown, isRepeat } of exchanges)
        for (const document of isKnown || isRepeat ? [] : documents)
          if (document.kind !== "answer") ids.add(document.externalId);
    const newestMs = Math.max(0, ...read.map(({ cameMs }) => cameMs));
    const payloads = await Promise.all([...ids].map(payloadOf));
    return {
      payloads: payloads.filter((payload): payload is string => payload !== null),
      next: `read:${batch.id}`,
      newestMs: newestMs === 0 ? null : newestMs,
    };
  };

  const stateOf = async (externalId: string): Promise<OrderAtChannel | null> => {
    const figures = await figuresOf(externalId);
    if (figures === null) return null;
    const told = await sent.ofOrder(externalId);
    const units = (kind: string, line: string) =>
      told
        .filter((each) => each.kind === kind)
        .flatMap(({ lines }) => lines)
        .filter(({ externalLineId }) => externalLineId === line)
        .reduce((sum, { quantity }) => sum + quantity, 0);
    const lines = figures.lines.map((line) => ({
      ...line,
      shipped: units("ship", line.externalLineId),
      cancelled: units("cancel", line.externalLineId),
    }));
    const isCancelled = figures.isCancelled || told.some(({ kind, isWhole }) => kind === "cancel" && isWhole);
    const isComplete =
      lines.length > 0 && lines.every(({ quantity, shipped, cancelled }) => shipped + cancelled >= quantity);
    return {
      externalId,
      state: isCancelled ? "cancelled" : isComplete ? "complete" : "open",
      total: figures.total,
      refunded: told
        .flatMap(({ refunded }) => (refunded?.currency === figures.total.currency ? [refunded] : []))
        .reduce(addMoney, zeroMoney(figures.total.currency)),
      lines,
    };
  };

  const cancelledBefore = async (word: OrderWord): Promise<ReadonlyMap<string, number>> => {
    const units = new Map<string, number>();
    for (const { kind, key, lines } of await sent.ofOrder(word.order.externalId)) {
      if (kind !== "cancel" || key === word.key) continue;
      for (const { externalLineId, quantity } of lines)
        units.set(externalLineId, (units.get(externalLineId) ?? 0) + quantity);
    }
    return units;
  };

  const say = async (word: OrderWord): Promise<Told> => {
    const order = await orderAt(word.order.externalId);
    if (order === null)
      return {
        status: "refused",
        code: "not_found",
        message: `The partner has sent no order ${word.order.externalId} through this folder.`,
      };
    const facts = {
      kind: word.kind,
      externalId: word.order.externalId,
      lines: "lines" in word ? linesOf(word.lines) : [],
      isWhole: word.kind !== "cancel" || word.isWhole,
      ...(word.kind === "refund" ? { refunded: word.amount } : {}),
    };
    const partner: PartnerOrder = { order, cancelled: await cancelledBefore(word) };
    const trial = writeOrNot(() => format.write(word, partner, 0, now()));
    if (trial instanceof UnwritableDocument)
      return { status: "refused", code: "not_writable", message: trial.message };
    if (trial === null)
      return {
        status: "refused",
        code: "not_told",
        message: `There is no document that tells this partner about it (${word.kind}).`,
      };
    const { sent: document, isNew } = await sent.send(
      word.key,
      facts,
      (number) => format.write(word, partner, number, now()) ?? trial,
      now(),
    );
    return { status: isNew ? "told" : "already", reference: document.fileName };
  };

  return {
    limits: {
      concurrency: 1,
      perSecond: 20,
      burst: 40,
      stockBatch: STOCK_BATCH,
      stockPauseMs: settings.stockPauseMs,
    },
    tells: format.tells,
    tryConnection: async () => {
      try {
        return await inTurn(async () => {
          const [waiting, taken] = [await disk.list(inbox), await disk.list(outbox)];
          const detail = `${settings.partner}: ${waiting.length} files in the inbox, ${taken.length} in the outbox`;
          return { works: true, detail };
        });
      } catch (error) {
        if (error instanceof ServiceFault) return { works: false, detail: error.message };
        throw error;
      }
    },
    readOrders: (asked: OrdersAsked) =>
      inTurn(async () => {
        if (asked.untilMs === undefined && asked.page?.startsWith("kept:") !== true) return fresh(asked.page);
        await receive();
        return kept(asked.sinceMs, asked.untilMs ?? Number.MAX_SAFE_INTEGER, asked.page);
      }),
    noteRefused: (page, refusals) =>
      inTurn(async () => {
        if (page?.startsWith("read:")) await files.noteRefusals(page.slice("read:".length), refusals);
      }),
    readOrder: (externalId) =>
      inTurn(async () => {
        await receive();
        return payloadOf(externalId);
      }),
    readOrderStates: (externalIds) =>
      inTurn(async () => {
        await receive();
        const states: OrderAtChannel[] = [];
        for (const externalId of externalIds) {
          const found = await stateOf(externalId);
          if (found !== null) states.push(found);
        }
        return states;
      }),
    tell: (word) =>
      inTurn(async () => {
        await receive();
        return say(word);
      }),
    tellStock: (levels: readonly StockLevel[], key: string) =>
      inTurn(async () => {
        const known = new Set((await listings.all()).map(({ channelSku }) => channelSku));
        const outcomes = new Map<string, Told>();
        const sendable: StockLevel[] = [];
        for (const level of levels) {
          const trial = writeOrNot(() => format.writeStock([level], 0, now()));
          if (!known.has(level.channelSku))
            outcomes.set(level.channelSku, {
              status: "refused",
              code: "not_found",
              message: `${level.channelSku} is not in listings.csv, and the partner never ordered it.`,
            });
          else if (trial instanceof UnwritableDocument)
            outcomes.set(level.channelSku, {
              status: "refused",
              code: "not_writable",
              message: trial.message,
            });
          else sendable.push(level);
        }
        if (sendable.length > 0) {
          const facts = { kind: "stock", externalId: null, lines: [], isWhole: false };
          await sent.send(key, facts, (number) => format.writeStock(sendable, number, now()), now());
          await listings.noteTold(sendable);
        }
        return levels.map(
          ({ channelSku }): StockTold => ({
            channelSku,
            outcome: outcomes.get(channelSku) ?? { status: "told", reference: null },
          }),
        );
      }),
    forgetOrders: (externalIds) => inTurn(() => forget(externalIds)),
    readListings: (page) =>
      inTurn(async () => {
        await receive();
        const all: readonly Listing[] = await listings.all();
        const from = page === null ? 0 : Number(page);
        const next = from + STOCK_BATCH < all.length ? String(from + STOCK_BATCH) : null;
        return { listings: all.slice(from, from + STOCK_BATCH), next };
      }),
  };
}

function figuresIn(order: IncomingOrder): ForgottenOrder {
  return {
    total: order.total,
    lines: order.lines.map(({ externalLineId, channelSku, quantity }) => ({
      externalLineId,
      channelSku,
      quantity,
      shipped: 0,
      cancelled: 0,
    })),
    isCancelled: order.holdReasons.some(({ code }) => code === "cancelled_at_channel"),
  };
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

function orderIn(format: PartnerFormat, payload: string): IncomingOrder | null {
  const found = format.adapter.read(payload, null).find((reading) => reading.kind === "order");
  return found?.kind === "order" ? found.order : null;
}

function writeOrNot<Result>(write: () => Result): Result | UnwritableDocument {
  try {
    return write();
  } catch (error) {
    if (error instanceof UnwritableDocument) return error;
    throw error;
  }
}

function linesOf(lines: Sent["lines"]): Sent["lines"] {
  return lines.map(({ externalLineId, quantity }) => ({ externalLineId, quantity }));
}

async function examineFolder(service: string, folder: string, needed: readonly string[]): Promise<void> {
  if (!isAbsolute(folder))
    throw new ServiceFault(`the folder ${folder} is no absolute path`, {
      service,
      code: "folder_missing",
      retryable: false,
    });
  for (const each of needed) {
    const found = await stat(each).catch(() => null);
    if (found?.isDirectory() !== true)
      throw new ServiceFault(`there is no folder ${each}: make it, and let Holdfast's user write to it`, {
        service,
        code: "folder_missing",
        // A share may be mounted again.
        retryable: true,
      });
  }
}

/** What a disk refuses is no fault of the program: it is said, and tried again. */
function faultOf(service: string, folder: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof ServiceFault || !/^E[A-Z]+$/.test(String(code))) return error;
  const words: Readonly<Record<string, string>> = {
    EACCES: "may not be written to or read by Holdfast's user",
    EPERM: "may not be written to or read by Holdfast's user",
    ENOSPC: "has no room left",
    EROFS: "cannot be written to",
    EXDEV: "lies on several file systems: inbox, outbox, done, failed and .holdfast have to be on one",
  };
  const what = words[String(code)] ?? `cannot be used now (${code})`;
  const path = (error as NodeJS.ErrnoException).path ?? folder;
  return new ServiceFault(`the folder ${folder} ${what}: ${path}`, {
    service,
    code: "folder_unusable",
    retryable: true,
    cause: error,
  });
}
