/**
 * The files that a partner has put into the inbox, from there to `done` or `failed`.
 *
 * I1 A file is read once it is whole: nobody has written to it for a while, its name is not that of one that
 *    is still being written, and what it begins has its end.
 * I2 Reading begins with moving the file to `claimed/` under a name of its own, and ends with moving it to
 *    `done` or `failed`. Between the two it is read again after every crash: whoever takes what it holds has
 *    to count a repeat once.
 * I3 What a batch holds is written down before it is handed out (`batch.json`); only that batch is ended by
 *    its id. A file that is claimed meanwhile waits for the next.
 * I4 Nothing is thrown away: what cannot be taken lies in `failed`, with what is wrong beside it.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { OrderNotTaken } from "../../ports/channel-connection.ts";
import type { Disk } from "./disk.ts";
import type { Exchange, FileProblem, PartnerFormat } from "./partner-format.ts";
import { hashOf } from "./sent-documents.ts";

/** A file with what it says. */
export type ClaimedFile = {
  /** In `claimed/`; the partner's own name is its end. */
  readonly name: string;
  /** When the partner wrote it, milliseconds of the Unix epoch. */
  readonly cameMs: number;
  readonly exchanges: readonly (Exchange & {
    /** The number came before with something else. */
    readonly isRepeat: boolean;
    /** All of it came before: there is nothing to do. */
    readonly isKnown: boolean;
  })[];
};

export type Batch = { readonly id: string; readonly names: readonly string[] };

/** Some ten thousand orders. It is read on the main thread, whole. */
const MOST_BYTES = 8 * 1024 * 1024;
const BATCH_FILES = 100;
/** What has no end and is not written to for so long gets none any more. */
const GIVE_UP_MS = 15 * 60_000;
/** How those are called that write a file under another name first. */
const UNFINISHED = /^\.|~$|\.(tmp|temp|part|partial|filepart|writing|lock|swp|crdownload)$/i;

export interface IncomingFiles {
  /** Moves what is whole out of the inbox. @returns names in `claimed/`, new ones */
  claim(): Promise<readonly string[]>;
  /** Null: it is not claimed (any more). */
  read(name: string): Promise<ClaimedFile | null>;
  /** The batch that was not ended, else a new one of what is claimed; null: there is nothing. */
  nextBatch(): Promise<Batch | null>;
  /** The batch of this id, where it is the one that is not ended. */
  batch(id: string): Promise<Batch | null>;
  endBatch(): Promise<void>;
  /** Keeps the refusals of a batch until it is ended. */
  noteRefusals(id: string, refusals: readonly OrderNotTaken[]): Promise<void>;
  refusals(id: string): Promise<readonly OrderNotTaken[]>;
  /** Ends one file. @param problems none: it is done */
  end(file: ClaimedFile, problems: readonly FileProblem[]): Promise<void>;
  /**
   * Removes the files that have ended and hold such orders: of `done` each that names one, of `failed` each
   * that names no others, which somebody may still want to put right (I4).
   *
   * @param isForgotten of an order, by the partner's id
   */
  removeOf(isForgotten: (externalId: string) => Promise<boolean>): Promise<void>;
}

export function createIncomingFiles(
  disk: Disk,
  format: PartnerFormat,
  folders: {
    readonly inbox: string;
    readonly done: string;
    readonly failed: string;
    readonly state: string;
  },
  settings: { readonly settleMs: number; readonly now: () => number },
): IncomingFiles {
  const state = (...parts: readonly string[]) => join(folders.state, ...parts);
  const receivedPath = (id: string) => state("received", `${hashOf(id)}.json`);
  const seen = new Map<
    string,
    { readonly bytes: number; readonly changedMs: number; readonly atMs: number }
  >();

  const readJson = async <Value>(path: string): Promise<Value | null> => {
    const content = await disk.read(path);
    return content === null ? null : (JSON.parse(content.toString("utf8")) as Value);
  };

  /** By our own clock, for the one that wrote its time may be another machine's. */
  const quietMs = async (name: string): Promise<number | null> => {
    const facts = await disk.facts(join(folders.inbox, name));
    if (facts === null) return null;
    const before = seen.get(name);
    const atMs = performance.now();
    if (before?.bytes !== facts.bytes || before.changedMs !== facts.changedMs)
      seen.set(name, { ...facts, atMs });
    const watched = atMs - (seen.get(name)?.atMs ?? atMs);
    return Math.max(watched, Date.now() - facts.changedMs);
  };

  const isRipe = async (name: string): Promise<boolean> => {
    const quiet = await quietMs(name);
    if (quiet === null || quiet < settings.settleMs) return false;
    if (quiet >= GIVE_UP_MS) return true;
    if ((seen.get(name)?.bytes ?? 0) > MOST_BYTES) return true;
    const content = await disk.read(join(folders.inbox, name));
    return content !== null && content.length > 0 && format.isWhole(content);
  };

  const ordersNamed = async (path: string, fileName: string): Promise<readonly string[]> => {
    const facts = await disk.facts(path);
    const content = facts === null || facts.bytes > MOST_BYTES ? null : await disk.read(path);
    if (content === null || content.length === 0) return [];
    const documents = format.read(content, fileName).flatMap((exchange) => exchange.documents);
    return documents.flatMap((document) => (document.kind === "answer" ? [] : [document.externalId]));
  };

  const digestOf = (exchange: Exchange): string =>
    createHash("sha256")
      .update(JSON.stringify([exchange.documents, exchange.problems]))
      .digest("hex");

  return {
    claim: async () => {
      const claimed: string[] = [];
      const names = (await disk.list(folders.inbox)).filter((name) => !UNFINISHED.test(name));
      for (const gone of [...seen.keys()].filter((name) => !names.includes(name))) seen.delete(gone);
      const ripe: { name: string; changedMs: number }[] = [];
      for (const name of names) {
        const facts = (await isRipe(name)) ? await disk.facts(join(folders.inbox, name)) : null;
        if (facts !== null) ripe.push({ name, changedMs: facts.changedMs });
      }
      ripe.sort((one, other) => one.changedMs - other.changedMs || (one.name < other.name ? -1 : 1));
      for (const [index, { name, changedMs }] of ripe.entries()) {
        const own = claimedName(name, changedMs, index);
        if (await disk.move(join(folders.inbox, name), state("claimed", own))) claimed.push(own);
        seen.delete(name);
      }
      return claimed;
    },
    read: async (name) => {
      const facts = await disk.facts(state("claimed", name));
      const content =
        facts !== null && facts.bytes <= MOST_BYTES ? await disk.read(state("claimed", name)) : null;
      if (facts === null) return null;
      if (content === null || content.length === 0)
        return { name, cameMs: cameMsOf(name), exchanges: [unreadable(facts.bytes)] };
      const exchanges: ClaimedFile["exchanges"][number][] = [];
      const inThisFile = new Map<string, string>();
      for (const exchange of format.read(content, originalName(name))) {
        const id = exchange.id;
        const digest = digestOf(exchange);
        const before = id === null ? null : await readJson<Received>(receivedPath(id));
        const other = before === null || before.file === name ? null : before.digest;
        const earlier = other ?? (id === null ? null : (inThisFile.get(id) ?? null));
        if (id !== null) inThisFile.set(id, digest);
        exchanges.push({
          ...exchange,
          isKnown: earlier === digest,
          isRepeat: earlier !== null && earlier !== digest,
        });
      }
      return { name, cameMs: cameMsOf(name), exchanges };
    },
    nextBatch: async () => {
      const begun = await readJson<Batch>(state("batch.json"));
      if (begun !== null) return begun;
      const names = (await disk.list(state("claimed"))).filter((name) => !name.startsWith("."));
      if (names.length === 0) return null;
      const batch: Batch = { id: randomBytes(8).toString("hex"), names: names.slice(0, BATCH_FILES) };
      await disk.write(state("batch.json"), JSON.stringify(batch));
      return batch;
    },
    batch: async (id) => {
      const begun = await readJson<Batch>(state("batch.json"));
      return begun?.id === id ? begun : null;
    },
    endBatch: () => disk.remove(state("batch.json")),
    noteRefusals: (id, refusals) => disk.write(state("refusals.json"), JSON.stringify({ id, refusals })),
    refusals: async (id) => {
      const kept = await readJson<{ id: string; refusals: readonly OrderNotTaken[] }>(state("refusals.json"));
      return kept?.id === id ? kept.refusals : [];
    },
    removeOf: async (isForgotten) => {
      for (const folder of [folders.done, folders.failed])
        for (const name of await disk.list(folder)) {
          if (name.endsWith(".error.txt")) continue;
          const named = await ordersNamed(join(folder, name), originalName(name));
          const forgotten: boolean[] = [];
          for (const externalId of named) forgotten.push(await isForgotten(externalId));
          const goes = folder === folders.done ? forgotten.includes(true) : !forgotten.includes(false);
          if (named.length === 0 || !goes) continue;
          await disk.remove(join(folder, `${name}.error.txt`));
          await disk.remove(join(folder, name));
        }
    },
    end: async (file, problems) => {
      const from = state("claimed", file.name);
      if (problems.length > 0) {
        await disk.write(join(folders.failed, `${file.name}.error.txt`), errorText(file, problems));
        await disk.move(from, join(folders.failed, file.name));
        return;
      }
      for (const exchange of file.exchanges) {
        if (exchange.id === null || exchange.isKnown) continue;
        const received: Received = {
          id: exchange.id,
          file: file.name,
          digest: digestOf(exchange),
          atMs: settings.now(),
        };
        await disk.write(receivedPath(exchange.id), JSON.stringify(received));
      }
      await disk.move(from, join(folders.done, file.name));
    },
  };
}

/** An exchange that was taken, so that a repeat of it is known. */
type Received = {
  readonly id: string;
  readonly file: string;
  readonly digest: string;
  readonly atMs: number;
};

function unreadable(bytes: number): ClaimedFile["exchanges"][number] {
  const problem: FileProblem =
    bytes === 0
      ? {
          place: "file",
          what: "The file is empty.",
          advice: "Send it again; if it comes by SFTP, see whether the transfer ends before it is renamed.",
        }
      : {
          place: "file",
          what: `The file has ${bytes} bytes, and at most ${MOST_BYTES} are read.`,
          advice: "Have it split into several files.",
        };
  return { id: null, documents: [], problems: [problem], answer: null, isRepeat: false, isKnown: false };
}

/**
 * Its first signs are the time of its last write, so that files are read in the order in which they came; of
 * those of one moment, in the order of their names.
 */
function claimedName(name: string, changedMs: number, index: number): string {
  const time = new Date(changedMs).toISOString().replace(/[-:.]/g, "");
  const micros = String(Math.floor((changedMs % 1) * 1_000)).padStart(3, "0");
  const own = `${micros}${String(index).padStart(6, "0")}${randomBytes(3).toString("hex")}`;
  return `${time}_${own}_${Buffer.from(name).subarray(-180).toString("utf8")}`;
}

function originalName(claimed: string): string {
  return claimed.split("_").slice(2).join("_");
}

function cameMsOf(claimed: string): number {
  const [, day, time, ms] = /^(\d{8})T(\d{6})(\d{3})Z_/.exec(claimed) ?? [];
  if (day === undefined || time === undefined) return 0;
  const date = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`;
  return Date.parse(`${date}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}.${ms}Z`);
}

/** For a person, in words and by place. */
function errorText(file: ClaimedFile, problems: readonly FileProblem[]): string {
  const bad = new Set(problems.map(({ place }) => place));
  const taken = file.exchanges.flatMap(({ documents, isRepeat }) =>
    isRepeat
      ? []
      : documents.flatMap((document) =>
          document.kind === "answer" || bad.has(document.place) || bad.has(`order ${document.externalId}`)
            ? []
            : [document.externalId],
        ),
  );
  return [
    `${originalName(file.name)}: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}`,
    "",
    ...problems.flatMap(({ place, what, advice }) => [`${place}: ${what}`, `  What to do: ${advice}`, ""]),
    taken.length === 0
      ? "Nothing of this file was taken."
      : `Taken all the same: ${[...new Set(taken)].join(", ")}.`,
    "Once it is put right, put the file into the inbox again: what was taken already counts once.",
    "",
  ].join("\n");
}
