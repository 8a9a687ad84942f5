/**
 * The keys of personal data: each order has its own, wrapped under one key of the system, which is sealed as
 * other secrets are. And the tokens by which orders are found though their people are encrypted.
 *
 * V1 A data key is stored once, in `order_person`. When it is taken away there, nothing of the order opens
 *    again.
 * V2 Nothing is sealed under a key that was kept in memory: whoever seals reads the key from the database, or
 *    makes it in the statement that makes the order.
 * V3 Without a vault (`attachVault`) a process writes in clear, as former versions did. Every composition has
 *    one.
 */
import { createHmac, randomBytes } from "node:crypto";
import {
  ERASED,
  newDataKey,
  openBytesUnderWrap,
  openUnderWrap,
  SEALED_FIELD,
  sealBytes,
  sealBytesUnderWrap,
  sealText,
  sealUnderWrap,
  unwrapKey,
  wrapKey,
} from "../../config/person-seal.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { OrderDocument } from "../../orders/order.ts";
import {
  apart,
  erasedDocument,
  joined,
  type PersonalPart,
} from "../../orders/personal-data/document-parts.ts";
import { personTerm, searchTerms, type Term, termsOf } from "../../orders/personal-data/search-terms.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";
import { givenList } from "../sql/given-list.ts";
import { openerOf, openResultsWith, type ResultOpener } from "../sql/sealed-results.ts";

/** Data keys that a process keeps at hand for reading. */
const KEPT_KEYS = 20_000;

type RawQuery = Parameters<ResultOpener["dataKeys"]>[0];
type StoredKey = { readonly id: string; readonly wrapped: Buffer; readonly isLasting: boolean };

/** What an order's row in `order_person` is made of. */
export type PersonRow = {
  /** Wrapped, in hexadecimal; null: there is no vault. */
  readonly wrapped: string | null;
  readonly mark: string | null;
  readonly tokens: readonly string[];
};

/** Makes of clear values what is stored of one order. */
export type Sealer = {
  readonly orderId: string;
  /** Nothing that is said of the order's people is kept any more. */
  readonly isErased: boolean;
  text(clear: string): string;
  /** Somebody's own words. None stay none, so that SQL sees that there are none. */
  words(clear: string): string;
  /** @returns the text of a JSON value */
  json(clear: unknown): string;
  /** Within a JSON value. */
  value(clear: unknown): unknown;
  bytes(clear: Uint8Array): Buffer;
  document(clear: OrderDocument): object;
  person(clear: OrderDocument): PersonRow;
};

export class PersonVault implements ResultOpener {
  private readonly wrappingKey: Buffer;
  private readonly tokenKey: Buffer;
  private readonly kept = new Map<string, Buffer>();

  private constructor(wrappingKey: Buffer, tokenKey: Buffer) {
    this.wrappingKey = wrappingKey;
    this.tokenKey = tokenKey;
  }

  /**
   * Opens the database's two keys, makes them where there are none, and seals them anew where the box has a
   * newer key.
   *
   * @throws SealedSecretError where they cannot be opened
   */
  static open(database: Database, box: SecretBox): Promise<PersonVault> {
    return inTransaction(database, async (client) => {
      await client.query("lock table personal_data_key in share row exclusive mode");
      const keys: Record<string, Buffer> = {};
      for (const purpose of ["wrap", "token"]) {
        const { rows } = await client.query<{ sealed: string }>(
          "select sealed from personal_data_key where purpose = $1",
          [purpose],
        );
        const stored = rows[0]?.sealed;
        const key =
          stored === undefined ? randomBytes(32).toString("base64") : box.open(stored, purposeOf(purpose));
        keys[purpose] = Buffer.from(key, "base64");
        if (stored === undefined || !box.isCurrent(stored))
          await client.query(
            `insert into personal_data_key (purpose, sealed) values ($1, $2)
             on conflict (purpose) do update set sealed = excluded.sealed`,
            [purpose, box.seal(key, purposeOf(purpose))],
          );
      }
      return new PersonVault(keys["wrap"] as Buffer, keys["token"] as Buffer);
    });
  }

  /** For an order that is about to be written: its key is made here, and stored with it. */
  newSealer(orderId: string): Sealer {
    return this.sealer(orderId, newDataKey());
  }

  /** For an order that there is. This transaction may already have written to it. */
  async sealerOf(client: Queryable, orderId: string): Promise<Sealer> {
    let wrapped = await storedKey(client, orderId);
    if (wrapped === undefined) {
      // Of two who make it at once, one waits for the other and then finds the other's.
      await client.query(
        "insert into order_person (order_id, wrapped) values ($1, $2) on conflict do nothing",
        [orderId, wrapKey(this.wrappingKey, orderId, newDataKey())],
      );
      wrapped = await storedKey(client, orderId);
    }
    if (wrapped === undefined) throw new Error(`order ${orderId} has no data key`);
    return this.storedSealer(orderId, wrapped);
  }

  /** The same for several orders, in one statement where each has its key. */
  async sealersOf(client: Queryable, orderIds: readonly string[]): Promise<ReadonlyMap<string, Sealer>> {
    const { rows } = await client.query<{ id: string; wrapped: Buffer | null }>(
      `select order_id as id, wrapped from order_person where order_id = any(${givenList("$1")})`,
      [orderIds],
    );
    const sealers = new Map(rows.map(({ id, wrapped }) => [id, this.storedSealer(id, wrapped)]));
    for (const id of orderIds) if (!sealers.has(id)) sealers.set(id, await this.sealerOf(client, id));
    return sealers;
  }

  private storedSealer(orderId: string, wrapped: Buffer | null): Sealer {
    return wrapped === null
      ? erasedSealer(orderId)
      : this.sealer(orderId, unwrapKey(this.wrappingKey, orderId, wrapped));
  }

  private sealer(orderId: string, key: Buffer): Sealer {
    return {
      orderId,
      isErased: false,
      text: (clear) => sealText(key, orderId, "t", clear),
      words: (clear) => (clear === "" ? "" : sealText(key, orderId, "t", clear)),
      json: (clear) => JSON.stringify(sealText(key, orderId, "j", JSON.stringify(clear))),
      value: (clear) => sealText(key, orderId, "j", JSON.stringify(clear)),
      bytes: (clear) => sealBytes(key, orderId, clear),
      document: (clear) => {
        requireOpened(clear);
        const { rest, personal } = apart(clear);
        return { ...rest, [SEALED_FIELD]: sealText(key, orderId, "m", JSON.stringify(personal)) };
      },
      person: (clear) => ({
        wrapped: wrapKey(this.wrappingKey, orderId, key).toString("hex"),
        mark: this.markOf(clear),
        tokens: termsOf(clear).map((term) => this.token(term)),
      }),
    };
  }

  async dataKeys(query: RawQuery, orderIds: ReadonlySet<string>): Promise<ReadonlyMap<string, Buffer>> {
    const found = new Map<string, Buffer>();
    const missing: string[] = [];
    for (const orderId of orderIds) {
      const key = this.kept.get(orderId);
      if (key === undefined) missing.push(orderId);
      else found.set(orderId, key);
    }
    if (missing.length === 0) return found;
    const { rows } = await query(
      // What this transaction itself has sealed may yet be rolled back, and its key with it.
      `select order_id as id, wrapped, coalesce(sealed_at <> now(), false) as "isLasting"
         from order_person where order_id = any(${givenList("$1")}) and wrapped is not null`,
      [missing],
    );
    for (const { id, wrapped, isLasting } of rows as readonly StoredKey[]) {
      const key = unwrapKey(this.wrappingKey, id, wrapped);
      found.set(id, key);
      if (isLasting) this.keep(id, key);
    }
    return found;
  }

  join(rest: object, personal: unknown): object {
    return joined(rest as OrderDocument, personal as PersonalPart);
  }

  /** A key that was destroyed is forgotten here at once; what it opened is overwritten by then. */
  forget(orderId: string): void {
    this.kept.delete(orderId);
  }

  private keep(orderId: string, key: Buffer): void {
    this.kept.set(orderId, key);
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_KEYS && oldest !== undefined) this.kept.delete(oldest);
  }

  /** Sixty-four bits of a keyed hash, as PostgreSQL's bigint. */
  token({ kind, text }: Term): string {
    return createHmac("sha256", this.tokenKey).update(`${kind}:${text}`).digest().readBigInt64BE().toString();
  }

  markOf(document: Parameters<typeof personTerm>[0]): string | null {
    const term = personTerm(document);
    return term === null ? null : this.token(term);
  }

  /** @param purpose what and whose it is: the same is needed to open it */
  sealReply(purpose: string, clear: string): string {
    return sealUnderWrap(this.wrappingKey, purpose, clear);
  }

  openReply(purpose: string, sealed: string): string {
    return openUnderWrap(this.wrappingKey, purpose, sealed);
  }

  /** Of what was uploaded. @param purpose as of `sealReply` */
  sealUpload(purpose: string, clear: Uint8Array): Buffer {
    return sealBytesUnderWrap(this.wrappingKey, purpose, clear);
  }

  openUpload(purpose: string, sealed: Buffer): Buffer {
    return openBytesUnderWrap(this.wrappingKey, purpose, sealed);
  }
}

/** @returns null: it was destroyed; undefined: the order has none yet */
async function storedKey(client: Queryable, orderId: string): Promise<Buffer | null | undefined> {
  const { rows } = await client.query<{ wrapped: Buffer | null }>(
    "select wrapped from order_person where order_id = $1",
    [orderId],
  );
  return rows[0]?.wrapped;
}

const purposeOf = (purpose: string): string => `personal data: ${purpose}`;

/**
 * From now on what this process reads from the database is opened, and what it writes of orders is sealed.
 */
export function attachVault(database: Database, vault: PersonVault): void {
  openResultsWith(database, vault);
}

/** @returns undefined where the pool has none */
export function vaultOf(queryable: object): PersonVault | undefined {
  const opener = openerOf(queryable);
  return opener instanceof PersonVault ? opener : undefined;
}

/** For an order that is about to be written. */
export function newSealer(database: Database, orderId: string): Sealer {
  return vaultOf(database)?.newSealer(orderId) ?? clearSealer(orderId);
}

/** For an order that there is. */
export async function sealerOf(client: Queryable, orderId: string): Promise<Sealer> {
  return (await vaultOf(client)?.sealerOf(client, orderId)) ?? clearSealer(orderId);
}

/** Of each of these orders. */
export async function sealersOf(
  client: Queryable,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, Sealer>> {
  const vault = vaultOf(client);
  if (vault !== undefined) return vault.sealersOf(client, orderIds);
  return new Map(orderIds.map((id) => [id, clearSealer(id)]));
}

/** What a search may look for beside order numbers. Empty where nothing of it can be in a token. */
export function searchTokens(
  queryable: object,
  text: string,
): { readonly names: readonly string[]; readonly others: readonly string[] } {
  const vault = vaultOf(queryable);
  if (vault === undefined) return { names: [], others: [] };
  const { names, others } = searchTerms(text);
  return { names: names.map((term) => vault.token(term)), others: others.map((term) => vault.token(term)) };
}

/** What was read past the door says "(erased)" where people were: written back, it would be true. */
function requireOpened(document: OrderDocument): void {
  if (SEALED_FIELD in document)
    throw new Error(`the document of ${document.orderId} was read without its key`);
}

/** Where there is no vault: as it is. */
export function clearSealer(orderId: string): Sealer {
  return {
    orderId,
    isErased: false,
    text: (clear) => clear,
    words: (clear) => clear,
    json: (clear) => JSON.stringify(clear),
    value: (clear) => clear,
    bytes: (clear) => Buffer.from(clear),
    document: (clear) => {
      requireOpened(clear);
      return clear;
    },
    person: () => ({ wrapped: null, mark: null, tokens: [] }),
  };
}

/** Whatever is still said of an order that was erased is not kept. */
function erasedSealer(orderId: string): Sealer {
  return {
    orderId,
    isErased: true,
    text: () => ERASED,
    words: (clear) => (clear === "" ? "" : ERASED),
    json: () => "null",
    value: () => null,
    bytes: () => Buffer.alloc(0),
    document: erasedDocument,
    person: () => ({ wrapped: null, mark: null, tokens: [] }),
  };
}
