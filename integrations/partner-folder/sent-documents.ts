/**
 * The documents that we have sent to a partner, each under a number of its own, and what the partner said of
 * them.
 *
 * S1 Numbers begin at 1 and have no gap: a number is taken by the same step that writes its document down
 *    (`sent/NUMBER.json`, made only where nothing has that name). Two processes never have the same one.
 * S2 Of one key there is one document, whatever is told how often and whenever the process ends; another only
 *    where the partner has rejected the one before.
 * S3 A document comes into the outbox once. It lies in `staged/` before it is written down, and moving it out
 *    of there is what delivers it: so what the partner has taken already is not put there again.
 *
 * What ends between two steps is finished by `heal`, before the next document is written: only the last
 * number can be unfinished.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Money } from "../../orders/money.ts";
import type { Disk } from "./disk.ts";
import type { Written } from "./partner-format.ts";

/** What a document said, as far as somebody asks later. */
export type SentFacts = {
  readonly kind: string;
  readonly externalId: string | null;
  /** Units of each line of the order, by the partner's id of it. */
  readonly lines: readonly { readonly externalLineId: string; readonly quantity: number }[];
  readonly isWhole: boolean;
  /** Of a refund: what the document gives back. */
  readonly refunded?: Money;
};

export type Sent = SentFacts & {
  readonly number: number;
  readonly key: string;
  readonly fileName: string;
  readonly staged: string;
  readonly sentMs: number;
};

export type Answer = { readonly isAccepted: boolean; readonly detail: string; readonly atMs: number };

export interface SentDocuments {
  /**
   * @param write makes the document once its number is known; called again under another number where
   *   somebody else has taken it
   */
  send(
    key: string,
    facts: SentFacts,
    write: (number: number) => Written,
    nowMs: number,
  ): Promise<{ readonly sent: Sent; readonly isNew: boolean }>;
  /** Of one order, rejected ones left out, oldest first. */
  ofOrder(externalId: string): Promise<readonly Sent[]>;
  find(number: number): Promise<Sent | null>;
  /** Takes away what the partner has not taken yet of one order: its content, not that it was sent. */
  removeWaiting(externalId: string): Promise<void>;
  /** @returns false where there is no document of that number */
  noteAnswer(number: number, answer: Answer): Promise<boolean>;
  /** Finishes what a crash has left, also where nothing else is to be sent. */
  heal(): Promise<void>;
}

/** A staged file whose process has ended before it was written down. */
const LEFT_BEHIND_MS = 24 * 3_600_000;

/** @param state the folder of what is ours alone */
export function createSentDocuments(
  disk: Disk,
  folders: { readonly state: string; readonly outbox: string },
  extension: string,
): SentDocuments {
  const at = (...parts: readonly string[]) => join(folders.state, ...parts);
  const numberText = (number: number) => String(number).padStart(9, "0");
  const sentPath = (number: number) => at("sent", `${numberText(number)}.json`);
  const answerPath = (number: number) => at("answers", `${numberText(number)}.json`);
  const indexFolder = (externalId: string | null) =>
    externalId === null ? at("keys") : at("told", hashOf(externalId));
  const indexPath = (key: string, externalId: string | null) =>
    join(indexFolder(externalId), `${hashOf(key)}.json`);
  let last: number | null = null;

  const readJson = async <Value>(path: string): Promise<Value | null> => {
    const content = await disk.read(path);
    return content === null ? null : (JSON.parse(content.toString("utf8")) as Value);
  };

  const lastNumber = async (): Promise<number> => {
    if (last === null) {
      const names = await disk.list(at("sent"));
      last = Number(names.findLast((name) => /^\d{9}\.json$/.test(name))?.slice(0, 9) ?? 0);
    }
    // Another process may have gone on.
    while ((await disk.facts(sentPath(last + 1))) !== null) last += 1;
    return last;
  };

  const finish = async (sent: Sent): Promise<void> => {
    await disk.makeFolder(indexFolder(sent.externalId));
    await disk.write(indexPath(sent.key, sent.externalId), JSON.stringify(sent));
    await disk.move(at("staged", sent.staged), join(folders.outbox, sent.fileName));
  };

  /** @returns the last number: up to it, every document can be found by its key */
  const finishLast = async (): Promise<number> => {
    const number = await lastNumber();
    const sent = number === 0 ? null : await readJson<Sent>(sentPath(number));
    if (sent === null) return number;
    const isUnfinished =
      (await disk.facts(at("staged", sent.staged))) !== null ||
      (await disk.facts(indexPath(sent.key, sent.externalId))) === null;
    if (isUnfinished) await finish(sent);
    return number;
  };
  const heal = async (): Promise<void> => {
    await finishLast();
  };

  const known = async (key: string, externalId: string | null): Promise<Sent | null> => {
    const sent = await readJson<Sent>(indexPath(key, externalId));
    return sent === null || (await isRejected(sent.number)) ? null : sent;
  };

  const isRejected = async (number: number): Promise<boolean> =>
    (await readJson<Answer>(answerPath(number)))?.isAccepted === false;

  const dropLeftBehind = async (nowMs: number): Promise<void> => {
    const committed = new Set<string>();
    const number = await lastNumber();
    const sent = number === 0 ? null : await readJson<Sent>(sentPath(number));
    if (sent !== null) committed.add(sent.staged);
    for (const name of await disk.list(at("staged"))) {
      const facts = await disk.facts(at("staged", name));
      if (facts !== null && !committed.has(name) && nowMs - facts.changedMs > LEFT_BEHIND_MS)
        await disk.remove(at("staged", name));
    }
  };
  let hasLookedForLeftBehind = false;

  return {
    heal,
    send: async (key, facts, write, nowMs) => {
      if (!hasLookedForLeftBehind) {
        hasLookedForLeftBehind = true;
        await dropLeftBehind(nowMs);
      }
      for (;;) {
        // Taken before the key is looked for: where somebody has sent it since, this number is theirs.
        const number = (await finishLast()) + 1;
        const before = await known(key, facts.externalId);
        if (before !== null) return { sent: before, isNew: false };
        const { type, content } = write(number);
        const staged = `${numberText(number)}-${randomBytes(6).toString("hex")}`;
        const fileName = `${type}-${numberText(number)}.${extension}`;
        const sent: Sent = { ...facts, number, key, fileName, staged, sentMs: nowMs };
        await disk.write(at("staged", staged), content);
        if (await disk.create(sentPath(number), JSON.stringify(sent))) {
          last = number;
          await finish(sent);
          return { sent, isNew: true };
        }
        await disk.remove(at("staged", staged));
      }
    },
    ofOrder: async (externalId) => {
      await heal();
      const folder = indexFolder(externalId);
      const found: Sent[] = [];
      for (const name of await disk.list(folder)) {
        const sent = name.endsWith(".json") ? await readJson<Sent>(join(folder, name)) : null;
        if (sent !== null && !(await isRejected(sent.number))) found.push(sent);
      }
      return found.sort((one, other) => one.number - other.number);
    },
    find: (number) => readJson<Sent>(sentPath(number)),
    removeWaiting: async (externalId) => {
      await heal();
      const folder = indexFolder(externalId);
      for (const name of await disk.list(folder)) {
        const sent = name.endsWith(".json") ? await readJson<Sent>(join(folder, name)) : null;
        if (sent !== null) await disk.remove(join(folders.outbox, sent.fileName));
      }
    },
    noteAnswer: async (number, answer) => {
      if ((await disk.facts(sentPath(number))) === null) return false;
      await disk.write(answerPath(number), JSON.stringify(answer));
      return true;
    },
  };
}

/** As a file's name, whatever signs a partner's number has. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 40);
}
