/**
 * A file comes in, in one piece or in several: what has come is stored part by part, so that a sender whose
 * connection broke, or a process that died, costs a part at most. Once it is whole, how it is to be read is
 * told from its beginning.
 */
import { createHash, randomBytes } from "node:crypto";
import { IMPORT_PART_BYTES, MAX_IMPORT_BYTES, MAX_IMPORTS_BYTES } from "../../config/limits.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { addPart, readContent } from "../../store/imports/import-content.ts";
import {
  bytesKept,
  deleteImport,
  insertImport,
  lockImport,
  readImport,
  type StoredImport,
  setDigest,
  setImportState,
  writeLayout,
} from "../../store/imports/imports.ts";
import { readMappings } from "../../store/imports/mappings.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { detectLayout } from "../tables/detect-layout.ts";
import { ENCODING_SAMPLE_BYTES } from "../tables/text-encoding.ts";

export type Uploaded = {
  readonly status: "done";
  readonly importId: string;
  /** Its key was used before: nothing was begun anew. */
  readonly isRepeat?: boolean;
};

/** The key of an upload stands for another file. */
type Reused = { readonly status: "reused" };

type Files = Pick<OperationContext, "database">;

/**
 * Under a key the import has an id that follows from it: whoever has lost the answer sends the same again and
 * finds the import, with as much of the file as came. What is here already is compared and passed over.
 *
 * @param request.key of the caller, by which they name what they send; null: each sending is another import
 * @param request.kind null: told from the file's columns
 * @param request.size bytes of the whole file; null: it ends with this stream
 */
export async function startUpload(
  { database }: Files,
  request: {
    readonly companyId: string;
    readonly kind: TableKind | null;
    readonly fileName: string;
    readonly size: number | null;
    readonly by: string;
    readonly key: string | null;
    readonly content: AsyncIterable<Uint8Array>;
  },
): Promise<Uploaded | Refusal | Reused> {
  const { companyId, kind, fileName, size, by, key, content } = request;
  const importId = `imp_${(key === null ? randomBytes(9) : digestOf(key)).toString("base64url")}`;
  const known = key === null ? null : await readImport(database, importId);
  if (known !== null) return sentAgain({ database }, known, request);
  const tooMuch = size === null ? null : await roomFor({ database }, size);
  if (tooMuch !== null) return tooMuch;
  const given = { id: importId, companyId, kind: kind ?? UNTOLD, fileName, size, by };
  // Of two that are sent at the same time one is first, and the other finds it.
  if (!(await insertImport(database, given))) return startUpload({ database }, request);
  const stored = await store({ database }, importId, 0, content);
  if (typeof stored !== "number") {
    // Under the same key somebody else has sent faster: what is here is theirs.
    if (stored.code !== "import_offset_wrong") await deleteImport(database, importId);
    return stored;
  }
  if (size !== null && stored < size) return { status: "done", importId };
  return finish({ database }, { importId, companyId, kind });
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest().subarray(0, 9);
}

/** The same again: the import as it is, with what of the file has not come yet. */
async function sentAgain(
  { database }: Files,
  known: StoredImport,
  {
    companyId,
    kind,
    fileName,
    size,
    content,
  }: Pick<Parameters<typeof startUpload>[1], "companyId" | "kind" | "fileName" | "size" | "content">,
): Promise<Uploaded | Refusal | Reused> {
  if (known.companyId !== companyId || known.fileName !== fileName || known.size !== size) return REUSED;
  const here = readContent(database, known.id);
  let isOther = false;
  const rest = beyond(content, known.bytes, here, () => {
    isOther = true;
  });
  const again = { status: "done", importId: known.id, isRepeat: true } as const;
  if (known.state !== "uploading") {
    for await (const more of rest) if (more.byteLength > 0) isOther = true;
    return isOther ? REUSED : again;
  }
  const stored = await store({ database }, known.id, known.bytes, rest);
  if (isOther) return REUSED;
  if (typeof stored !== "number") return stored;
  if (size !== null && stored < size) return again;
  const finished = await finish({ database }, { importId: known.id, companyId, kind });
  return finished.status === "done" ? again : finished;
}

const REUSED: Reused = { status: "reused" };

/** What an import is said to be of, as long as nobody knows. */
const UNTOLD: TableKind = "products";

/** @param request.offset from which byte of the file the stream is; what is there already is passed over */
export async function continueUpload(
  { database }: Files,
  request: {
    readonly importId: string;
    readonly kind: TableKind | null;
    readonly offset: number;
    readonly content: AsyncIterable<Uint8Array>;
  },
): Promise<Uploaded | Refusal> {
  const { importId, offset, kind, content } = request;
  const now = await readImport(database, importId);
  if (now === null) return refuse("import_not_found", `There is no import ${importId}.`);
  if (now.state !== "uploading")
    return refuse(
      "import_state_other",
      `The file of ${importId} is here as a whole; the import is ${now.state}.`,
    );
  if (offset > now.bytes)
    return refuse(
      "import_offset_wrong",
      `${now.bytes} bytes of the file are here: go on from there, not ${offset}.`,
    );
  const stored = await store({ database }, importId, now.bytes, beyond(content, now.bytes - offset));
  if (typeof stored !== "number") return stored;
  if (now.size !== null && stored < now.size) return { status: "done", importId };
  return finish({ database }, { importId, companyId: now.companyId, kind });
}

/**
 * What follows after so many bytes.
 *
 * @param here what these bytes are, where they are compared
 * @param onOther called where they are others: nothing follows then
 */
async function* beyond(
  content: AsyncIterable<Uint8Array>,
  passed: number,
  here?: AsyncIterable<Uint8Array>,
  onOther: () => void = () => {},
): AsyncGenerator<Uint8Array> {
  const known = here?.[Symbol.asyncIterator]();
  let open = Buffer.alloc(0);
  let left = passed;
  let isOther = false;
  for await (const chunk of content) {
    const over = chunk.subarray(0, Math.min(left, chunk.byteLength));
    // To its end in any case: whoever sends waits until all of it is read.
    for (let at = 0; known !== undefined && !isOther && at < over.byteLength; ) {
      if (open.byteLength === 0) open = Buffer.from((await known.next()).value ?? []);
      const length = Math.min(open.byteLength, over.byteLength - at);
      isOther = length === 0 || open.subarray(0, length).compare(over.subarray(at, at + length)) !== 0;
      open = open.subarray(length);
      at += length;
    }
    if (isOther) onOther();
    left -= over.byteLength;
    if (!isOther && chunk.byteLength > over.byteLength) yield chunk.subarray(over.byteLength);
  }
}

async function roomFor({ database }: Files, bytes: number): Promise<Refusal | null> {
  if (bytes > MAX_IMPORT_BYTES)
    return refuse("import_too_large", `A file may have ${MAX_IMPORT_BYTES} bytes: cut it in several.`);
  if ((await bytesKept(database)) + bytes > MAX_IMPORTS_BYTES)
    return refuse(
      "import_storage_full",
      "The files that are kept are too much together: remove imports that are done.",
    );
  return null;
}

/** How often it is looked whether there is room left. */
const PARTS_BETWEEN_LOOKS = 16;

/** @returns how many bytes of the file are there now */
async function store(
  context: Files,
  importId: string,
  from: number,
  content: AsyncIterable<Uint8Array>,
): Promise<number | Refusal> {
  let at = from;
  let parts = 0;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const flush = async (): Promise<Refusal | null> => {
    if (heldBytes === 0) return null;
    const part = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    if (at + part.byteLength > MAX_IMPORT_BYTES || parts % PARTS_BETWEEN_LOOKS === 0) {
      const full = await roomFor(
        context,
        at + part.byteLength > MAX_IMPORT_BYTES ? at + part.byteLength : part.byteLength,
      );
      if (full !== null) return full;
    }
    parts += 1;
    const now = await inTransaction(context.database, (client) => addPart(client, importId, at, part));
    if (now === null)
      return refuse(
        "import_offset_wrong",
        "Somebody else sends this file as well: ask how much of it is here.",
      );
    at = now;
    return null;
  };
  try {
    for await (const chunk of content) {
      for (let start = 0; start < chunk.byteLength; ) {
        const taken = chunk.subarray(start, start + IMPORT_PART_BYTES - heldBytes);
        held.push(taken);
        heldBytes += taken.byteLength;
        start += taken.byteLength;
        if (heldBytes < IMPORT_PART_BYTES) continue;
        const refusal = await flush();
        if (refusal !== null) return refusal;
      }
    }
  } catch (error) {
    // Whoever sends has gone: what came is kept, and the rest may follow.
    await flush();
    throw error;
  }
  return (await flush()) ?? at;
}

/** The file is whole: its digest, and how it is to be read. */
async function finish(
  { database }: Files,
  {
    importId,
    companyId,
    kind,
  }: { readonly importId: string; readonly companyId: string; readonly kind: TableKind | null },
): Promise<Uploaded | Refusal> {
  const digest = createHash("sha256");
  for await (const part of readContent(database, importId)) digest.update(part);
  const start = await firstBytes({ database }, importId);
  if (start.byteLength === 0) {
    await deleteImport(database, importId);
    return refuse("import_empty", "The file is empty.");
  }
  const saved = await readMappings(database, companyId);
  const detected = await detectLayout(start, { ...(kind === null ? {} : { kind }), saved });
  await inTransaction(database, async (client) => {
    if ((await lockImport(client, importId))?.state !== "uploading") return;
    await setDigest(client, importId, digest.digest("hex"));
    await writeLayout(client, importId, { kind: detected.kind ?? UNTOLD, layout: detected.layout });
    if (detected.kind === null)
      await setImportState(client, importId, ["ready"], "failed", {
        code: "import_kind_untold",
        detail: whatElse(start),
        line: 1,
      });
  });
  return { status: "done", importId };
}

/** What the beginning of a file that is no known table looks like, and what to do. */
function whatElse(start: Buffer): string {
  if (start.subarray(0, 4).toString("latin1") === "PK\u0003\u0004")
    return "It is a workbook, such as Excel's, or a ZIP: save the sheet as CSV (UTF-8), and send that.";
  const text = start.toString("utf8").replace("\ufeff", "").trimStart();
  if (text.startsWith("["))
    return "It is a list of JSON: JSON lines have a document a line, without brackets and commas around them.";
  if (text.startsWith("<")) return "It is a web page or XML: send the table as CSV or JSON lines.";
  return "Its columns are those of no table that is known: say what it is a table of.";
}

/** As much of a file as its layout is told from. */
export async function firstBytes({ database }: Files, importId: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of readContent(database, importId, ENCODING_SAMPLE_BYTES)) parts.push(part);
  return Buffer.concat(parts);
}
