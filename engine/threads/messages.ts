/**
 * What the engine and its shard threads say to each other.
 *
 * One message carries a whole batch for all shards of a thread, as MessagePack: waking the other thread costs
 * the same for little and for much.
 */
import { Packr, RESET_BUFFER_MODE, Unpackr } from "msgpackr";
import type { JournalRow } from "../../store/journal/journal.ts";
import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import type { PositionChanges } from "../stock-view/stock-changes.ts";
import type { RecoveryStart } from "../storage/recovery.ts";

export type ThreadRequest =
  | { readonly kind: "run"; readonly requests: readonly ShardRequest[] }
  /** Starts to rebuild a shard; what the thread had of it is dropped. */
  | { readonly kind: "recover"; readonly shard: number; readonly start: RecoveryStart | null }
  /** The shard is on another node now. */
  | { readonly kind: "drop"; readonly shard: number }
  | { readonly kind: "replay"; readonly shard: number; readonly rows: readonly JournalRow[] }
  /** Puts the rebuilt shard to work. */
  | {
      readonly kind: "open";
      readonly shard: number;
      /**
       * The last shard of a thread that was started: the thread first frees what its start has left behind.
       */
      readonly tidy?: boolean;
    };

export type ThreadReply =
  | { readonly kind: "ran"; readonly answers: readonly ShardAnswer[] }
  | { readonly kind: "done" }
  /** The snapshot to start from is damaged. */
  | { readonly kind: "damaged"; readonly damage: string }
  | {
      readonly kind: "opened";
      readonly sequence: number;
      readonly hash: Uint8Array;
      readonly epoch: number;
      readonly nextExpiryAtMs: number;
      readonly positionCount: number;
      readonly holdCount: number;
      /** All of the shard's positions, for the stock view. */
      readonly changes: PositionChanges;
    }
  | { readonly kind: "failed"; readonly corrupt: boolean; readonly message: string };

// Records on: a batch repeats the same few shapes, each of which is described once in the message that uses
// it.
const packer = new Packr({ useRecords: true, bundleStrings: true });
const unpacker = new Unpackr({ useRecords: true, bundleStrings: true });

/**
 * The bytes are valid until this thread encodes the next message: all messages are encoded in the same
 * memory. The mailbox copies anyway, and new memory for each message would have to be collected (`npm run
 * bench -- --only holdfast --profile`).
 */
export function encodeMessage(message: ThreadRequest | ThreadReply): Uint8Array {
  return packer.pack(message, RESET_BUFFER_MODE);
}

export function decodeRequest(body: Uint8Array): ThreadRequest {
  return unpacker.unpack(body) as ThreadRequest;
}

export function decodeReply(body: Uint8Array): ThreadReply {
  return unpacker.unpack(body) as ThreadReply;
}
