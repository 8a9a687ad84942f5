/**
 * Sealed personal data is opened where results come in, so that no statement and no caller has to.
 *
 * Owns the way of a result: a value that is sealed is found while the row is read, the data keys of all
 * orders in the result are fetched together, and the caller gets clear values. What a sealed value is, is
 * `config/person-seal.ts`'s; which keys there are, the opener's (`store/personal-data/vault.ts`).
 *
 * R1 Where nobody has opened a vault for the database, values are read as they are stored.
 * R2 A value whose key was destroyed reads as erased; one that was altered is an error where it is a
 *    document's (nothing is posted to half an address), and otherwise stays as it is.
 * R3 A result without sealed values costs one look at each text, and no turn of the event loop.
 */
import pg from "pg";
import {
  ERASED,
  isSealedText,
  mayHoldSealedText,
  openSealed,
  PersonalDataDamagedError,
  readSealedBytes,
  readSealedText,
  SEALED_FIELD,
  type Sealed,
} from "../../config/person-seal.ts";

type RawQuery = (text: string, values: readonly unknown[]) => Promise<{ readonly rows: readonly unknown[] }>;

export type ResultOpener = {
  /**
   * The data keys of these orders; none for an order whose key was destroyed.
   *
   * @param query in the same transaction
   */
  dataKeys(query: RawQuery, orderIds: ReadonlySet<string>): Promise<ReadonlyMap<string, Buffer>>;
  /** A document of what is in clear and its opened personal part. */
  join(rest: object, personal: unknown): object;
};

/** A value of a row that has something sealed in it. */
class SealedValue {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

const [JSON_TYPE, JSONB_TYPE, TEXT_TYPE, BYTES_TYPE] = [114, 3802, 25, 17];
/**
 * By the address of the database: whoever connects to it in this process, as the engine does, reads the same.
 */
const openers = new Map<string, ResultOpener>();
/** Of pools and clients. */
const addresses = new WeakMap<object, string>();

/**
 * From now on what this process reads from the database is opened, over every connection.
 *
 * @param queryable one of them
 */
export function openResultsWith(queryable: object, opener: ResultOpener): void {
  const address = addresses.get(queryable);
  if (address === undefined) throw new Error("what is opened has to be a connection of the store's");
  openers.set(address, opener);
}

/** undefined: nobody has given its database one. */
export function openerOf(queryable: object): ResultOpener | undefined {
  const address = addresses.get(queryable);
  return address === undefined ? undefined : openers.get(address);
}

/** Which database a pool is of. */
export function isOf(pool: object, address: string): void {
  addresses.set(pool, address);
}

/** How values of a connection to this database are read. */
export function sealedTypes(address: string): pg.CustomTypesConfig {
  const isOpened = () => openers.has(address);
  const parsers = new Map<number, (text: string) => unknown>();
  for (const type of [JSON_TYPE, JSONB_TYPE])
    parsers.set(type, (text) => {
      const value: unknown = JSON.parse(text);
      return mayHoldSealedText(text) && isOpened() ? new SealedValue(value) : value;
    });
  parsers.set(TEXT_TYPE, (text) => (isSealedText(text) && isOpened() ? new SealedValue(text) : text));
  const readBytes = pg.types.getTypeParser(BYTES_TYPE) as (text: string) => Buffer;
  parsers.set(BYTES_TYPE, (text) => {
    const bytes = readBytes(text);
    return isOpened() && readSealedBytes(bytes) !== undefined ? new SealedValue(bytes) : bytes;
  });
  return {
    getTypeParser: ((type: number, format?: "text" | "binary") =>
      (format === "binary" ? undefined : parsers.get(type)) ??
      pg.types.getTypeParser(type, format as "text")) as typeof pg.types.getTypeParser,
  };
}

type Answer = { rows: Record<string, unknown>[] };
type Callback = (error: Error | null | undefined, answer?: unknown) => void;

/**
 * From now on the client's results are opened, where its database has an opener. It reads by `sealedTypes`.
 */
export function openResults(address: string, client: pg.ClientBase): void {
  addresses.set(client, address);
  const query = client.query.bind(client) as (...request: readonly unknown[]) => unknown;
  const raw = query as unknown as RawQuery;
  client.query = ((...request: readonly unknown[]) => {
    const opener = openers.get(address);
    if (opener === undefined) return query(...request);
    const callback = request.at(-1);
    if (typeof callback === "function") {
      const told = callback as Callback;
      return query(...request.slice(0, -1), (error: Error | null, answer: unknown) => {
        const opening = error ? undefined : opened(answer, opener, raw);
        if (opening === undefined) told(error, answer);
        else opening.then(() => told(null, answer), told);
      });
    }
    const answer = query(...request);
    if (!(answer instanceof Promise)) return answer;
    return answer.then((result: unknown) => opened(result, opener, raw)?.then(() => result) ?? result);
  }) as typeof client.query;
}

/** @returns undefined where nothing was to be opened */
function opened(answer: unknown, opener: ResultOpener, query: RawQuery): Promise<void> | undefined {
  const sealed: {
    readonly row: Record<string, unknown>;
    readonly column: string;
    readonly value: unknown;
  }[] = [];
  // Who submits a statement of its own kind is called back without an answer.
  for (const each of (Array.isArray(answer) ? answer : [answer]) as readonly (Partial<Answer> | undefined)[])
    for (const row of each?.rows ?? [])
      for (const column in row) {
        const value = row[column];
        if (value instanceof SealedValue) sealed.push({ row, column, value: value.value });
      }
  if (sealed.length === 0) return undefined;
  return (async () => {
    const orderIds = new Set<string>();
    for (const { value } of sealed) collect(value, orderIds);
    const keys = await opener.dataKeys(query, orderIds);
    for (const { row, column, value } of sealed) row[column] = clear(value, keys, opener);
  })();
}

function collect(value: unknown, orderIds: Set<string>): void {
  if (typeof value === "string") {
    const sealed = readSealedText(value);
    if (sealed !== undefined) orderIds.add(sealed.orderId);
  } else if (Buffer.isBuffer(value)) {
    const sealed = readSealedBytes(value);
    if (sealed !== undefined) orderIds.add(sealed.orderId);
  } else if (Array.isArray(value)) {
    for (const part of value) collect(part, orderIds);
  } else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) collect(part, orderIds);
  }
}

function clear(value: unknown, keys: ReadonlyMap<string, Buffer>, opener: ResultOpener): unknown {
  if (typeof value === "string") return clearText(value, keys);
  if (Buffer.isBuffer(value)) {
    const sealed = readSealedBytes(value);
    const key = sealed === undefined ? undefined : keys.get(sealed.orderId);
    return sealed === undefined || key === undefined ? Buffer.alloc(0) : openSealed(sealed, key);
  }
  if (Array.isArray(value)) return value.map((part) => clear(part, keys, opener));
  if (typeof value !== "object" || value === null) return value;
  const { [SEALED_FIELD]: personal, ...rest } = value as Readonly<Record<string, unknown>>;
  const sealed = typeof personal === "string" ? readSealedText(personal) : undefined;
  if (sealed?.kind === "m") {
    const key = keys.get(sealed.orderId);
    return key === undefined ? rest : opener.join(rest, JSON.parse(openSealed(sealed, key).toString("utf8")));
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, clear(part, keys, opener)]));
}

function clearText(text: string, keys: ReadonlyMap<string, Buffer>): unknown {
  const sealed: Sealed | undefined = readSealedText(text);
  if (sealed === undefined) return text;
  const key = keys.get(sealed.orderId);
  if (key === undefined) return sealed.kind === "t" ? ERASED : null;
  try {
    const opened = openSealed(sealed, key).toString("utf8");
    return sealed.kind === "t" ? opened : JSON.parse(opened);
  } catch (error) {
    // A shopper may write what only looks sealed.
    if (error instanceof PersonalDataDamagedError) return text;
    throw error;
  }
}
