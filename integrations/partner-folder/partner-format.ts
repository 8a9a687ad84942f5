/**
 * What a kind of partner's files has of its own: how a file is read, and how each document is written. Where
 * files lie, which are read, and what was sent under which number is the folder's (`folder-connection.ts`).
 */
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import type { OrderWord, OrderWordKind, StockLevel } from "../../ports/channel-connection.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";

/** What is wrong in a file, for the person who puts it right. */
export type FileProblem = {
  /** `line 7`, `segment 12 (PO1)`, `order 4711`; `file` where it is the whole. */
  readonly place: string;
  readonly what: string;
  readonly advice: string;
};

export type PartnerDocument =
  | {
      /** `change`: it says something only of an order that is known. */
      readonly kind: "order" | "change";
      readonly externalId: string;
      /** As the adapter's `read` takes it, without the other documents of its file. */
      readonly text: string;
      readonly place: string;
    }
  | {
      /** The partner's word about a document of ours. */
      readonly kind: "answer";
      /** The number that it had from us. */
      readonly number: number;
      readonly isAccepted: boolean;
      /** In the partner's codes, with their meaning. */
      readonly detail: string;
    };

/** A part of a file that is whole in itself: an interchange, or all lines. */
export type Exchange = {
  /** By what a repeat of it is known, e.g. `ZZ:BUYER 000000042`; null: it has no such number. */
  readonly id: string | null;
  readonly documents: readonly PartnerDocument[];
  readonly problems: readonly FileProblem[];
  /**
   * What is said about having read it; null: nothing.
   * @param number of the document that says it
   * @param isRepeat the same number has come before with something else
   */
  readonly answer: ((number: number, isRepeat: boolean) => Written) | null;
};

/** A document of ours, ready to be put into the outbox. */
export type Written = {
  /** The first part of the file's name: `855`, `DESADV`. */
  readonly type: string;
  readonly content: string | Buffer;
};

/** An order with all that the partner has said of it. */
export type PartnerOrder = {
  readonly order: IncomingOrder;
  /** Units of each line that the partner was told before are not coming. */
  readonly cancelled: ReadonlyMap<string, number>;
};

export type PartnerFormat = {
  readonly adapter: ChannelAdapter;
  /** Of the files that it writes, without a dot. */
  readonly extension: string;
  readonly tells: ReadonlySet<OrderWordKind>;
  /** Whether the end of what was begun is there; false: the rest may still be on its way. */
  isWhole(content: Buffer): boolean;
  read(content: Buffer, fileName: string): readonly Exchange[];
  /** Documents about one order, in the order in which they came, as one payload that the adapter reads. */
  join(documents: readonly string[]): string;
  /**
   * @returns null: there is no document for it
   * @throws UnwritableDocument
   */
  write(word: OrderWord, partner: PartnerOrder, number: number, nowMs: number): Written | null;
  /** @throws UnwritableDocument */
  writeStock(levels: readonly StockLevel[], number: number, nowMs: number): Written;
};

/** The partner's format cannot hold what the document has to say; `message` is for people. */
export class UnwritableDocument extends Error {
  override readonly name = "UnwritableDocument";
}
