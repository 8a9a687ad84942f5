/**
 * What processes tell each other over Redis: bytes of msgpack, several requests or answers in each message.
 *
 * A request is named by the process that makes it and a number of that process. It names a method of the
 * engine's door and carries what that is given, packed by itself: so it is packed once, however often it is
 * sent, and what its caller does with its arguments afterwards changes nothing.
 */
import { Packr } from "msgpackr";
import { isDatabaseFault, OtherProcessDatabaseFault } from "../../store/sql/database-fault.ts";
import { errorOf, faultOf, type PlainFault } from "../errors.ts";

/** Of this form of messages. Processes of a later one refuse what they cannot read. */
export const FABRIC_VERSION = 1;

/** Bytes of requests or answers in one message; a larger one travels alone. */
export const MESSAGE_BYTES = 512 * 1024;

/** Of the engine's door. */
export type FabricMethod =
  | "execute"
  | "positions"
  | "namedUnits"
  | "holds"
  | "capableToPromise"
  | "quoteOrder"
  | "available"
  | "availableByLocation"
  | "amendOrder"
  | "cancelOrder"
  | "openPositions"
  | "applyLane"
  | "status"
  | "stockOf"
  | "outlooks"
  | "operation";

/** `traceparent`: of the W3C, under which it is traced; absent: it is not. */
export type Ask = readonly [number: number, method: FabricMethod, given: Uint8Array, traceparent?: string];
export type Answer = readonly [number: number, value: Uint8Array];

export type FabricMessage = { readonly version: number; readonly from: string } & (
  | {
      readonly kind: "asks";
      /** Answers below this number are not waited for any more. */
      readonly floor: number;
      readonly asks: readonly Ask[];
    }
  /** Whether these came, and what the answers are: they, or their answers, may have been lost. */
  | { readonly kind: "again"; readonly floor: number; readonly numbers: readonly number[] }
  /** `unknown`: of those that were asked for again, which have never come. */
  | { readonly kind: "answers"; readonly answers: readonly Answer[]; readonly unknown: readonly number[] }
  /** To itself: whether it hears what is sent. */
  | { readonly kind: "beat" }
);

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: PlainFault; readonly ofDatabase: boolean };

const packr = new Packr({ moreTypes: true });

export function pack(value: unknown): Buffer {
  // Its own bytes: what the packer returns lies in a buffer that the next one goes into.
  return Buffer.from(packr.pack(value));
}

export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}

/** @returns null where it is none, or of another version */
export function readMessage(bytes: Uint8Array): FabricMessage | null {
  try {
    const message = unpack(bytes) as FabricMessage | null;
    return message?.version === FABRIC_VERSION ? message : null;
  } catch {
    return null;
  }
}

export function packValue(value: unknown): Buffer {
  return pack({ ok: true, value } satisfies Outcome);
}

export function packFault(error: unknown): Buffer {
  return pack({ ok: false, fault: faultOf(error), ofDatabase: isDatabaseFault(error) } satisfies Outcome);
}

/** @throws the fault that came in the value's place */
export function answerIn(bytes: Uint8Array): unknown {
  const outcome = unpack(bytes) as Outcome;
  if (outcome.ok) return outcome.value;
  throw outcome.ofDatabase ? new OtherProcessDatabaseFault(outcome.fault.message) : errorOf(outcome.fault);
}
