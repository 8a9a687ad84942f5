/**
 * Reads what is to be sent: files, folders of files, or standard input. Of each it gives the exact text and
 * its topic.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { errorCode, UserProblem } from "../problem.ts";

export type PayloadDocument = {
  /** The file's path; `-` for standard input. */
  readonly source: string;
  readonly text: string;
  /**
   * The channel's event name where the file's name tells it: `orders-create.2025-07.json` is `orders/create`.
   */
  readonly topic: string | null;
};

export async function readPayloads(paths: readonly string[]): Promise<readonly PayloadDocument[]> {
  const documents: PayloadDocument[] = [];
  for (const path of paths) {
    if (path === "-") {
      documents.push({ source: "-", text: await readStandardInput(), topic: null });
      continue;
    }
    for (const file of await filesOf(path)) {
      documents.push({ source: file, text: await readText(file), topic: topicOf(file) });
    }
  }
  return documents;
}

/**
 * `resource-event` before the first dot, as Shopify names its samples. Only Shopify's own resources count:
 * `shopify-order.json` is just a name.
 */
export function topicOf(file: string): string | null {
  const match =
    /^(orders|order_transactions|draft_orders|refunds|returns|fulfillments|fulfillment_orders)-([a-z_]+)(?:\.|$)/.exec(
      basename(file),
    );
  return match === null ? null : `${match[1]}/${match[2]}`;
}

async function filesOf(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => name.endsWith(".json")).sort();
  if (names.length === 0) {
    throw new UserProblem(
      "nothing_to_send",
      `${path} holds no .json file.`,
      "Name files, or another folder.",
    );
  }
  return names.map((name) => join(path, name));
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function unreadable(path: string, error: unknown): UserProblem {
  const code = errorCode(error);
  const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? "unknown error"})`;
  return new UserProblem("file_unreadable", `${path} ${why}.`, "Check the path.", { cause: error });
}
