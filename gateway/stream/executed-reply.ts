/**
 * The reply to `stock.execute` in MessagePack. A message may bring a thousand commands, and nearly all of their
 * outcomes are the same bytes but for nine numbers: those are written into copies of a template. Through the
 * general packer, which goes by the fields' names, replies took a quarter of the main thread's time
 * (`npm run bench -- --only holdfast-commands --profile`).
 */
import { Packr } from "msgpackr";
import type { ServerMessage } from "../../contract/stream.ts";

type Executed = Extract<ServerMessage, { readonly type: "stock.executed" }>;
type Outcome = Executed["outcomes"][number];
type Position = Extract<Outcome, { readonly status: "applied" }>["position"];

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The least that 32 bits hold takes as many bytes as any number of them: a sign byte, and four. */
const PLACEHOLDER = -(2 ** 31);
const NUMBER_HEAD = 0xd2;
/** Of a list whose length takes two bytes. */
const LIST_HEAD = 0xdc;

const EMPTY: Readonly<Record<keyof Position, number>> = {
  onHand: PLACEHOLDER,
  reserved: PLACEHOLDER,
  allocated: PLACEHOLDER,
  picked: PLACEHOLDER,
  unavailable: PLACEHOLDER,
  safetyStock: PLACEHOLDER,
  incoming: PLACEHOLDER,
  fenced: PLACEHOLDER,
  availableToPromise: PLACEHOLDER,
};
const BUCKETS = Object.keys(EMPTY) as readonly (keyof Position)[];

/** An applied outcome whose numbers are still to be written, and where they go. */
const TEMPLATE = new Uint8Array(packr.pack({ status: "applied", position: EMPTY }));
const PLACES = [...TEMPLATE.keys()].filter((at) => TEMPLATE[at] === NUMBER_HEAD).map((at) => at + 1);

/** @returns the message, alone; `packr.pack` would make one that reads the same */
export function packExecuted({ re, type, outcomes }: Executed): Buffer {
  const others = new Map<number, Buffer>();
  let size = 0;
  for (const [place, outcome] of outcomes.entries()) {
    if (fitsTemplate(outcome)) size += TEMPLATE.length;
    else {
      const bytes = Buffer.from(packr.pack(outcome));
      others.set(place, bytes);
      size += bytes.length;
    }
  }
  // The last byte is the empty list, in whose place comes the head of a list of so many.
  const head = packr.pack({ re, type, outcomes: [] }).subarray(0, -1);
  const reply = Buffer.allocUnsafe(head.length + 3 + size);
  reply.set(head);
  reply[head.length] = LIST_HEAD;
  reply.writeUInt16BE(outcomes.length, head.length + 1);
  let at = head.length + 3;
  for (const [place, outcome] of outcomes.entries()) {
    const bytes = others.get(place) ?? TEMPLATE;
    reply.set(bytes, at);
    if (bytes === TEMPLATE && outcome.status === "applied") fill(reply, at, outcome.position);
    at += bytes.length;
  }
  return reply;
}

function fitsTemplate(outcome: Outcome): boolean {
  if (outcome.status !== "applied") return false;
  const { position } = outcome;
  for (const bucket of BUCKETS) if ((position[bucket] | 0) !== position[bucket]) return false;
  return true;
}

function fill(reply: Buffer, from: number, position: Position): void {
  for (let nth = 0; nth < BUCKETS.length; nth += 1) {
    reply.writeInt32BE(position[BUCKETS[nth] as keyof Position], from + (PLACES[nth] as number));
  }
}
