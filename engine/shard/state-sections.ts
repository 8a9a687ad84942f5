/**
 * The form of a shard's state as bytes: a version byte, then sections, each a list in pieces of MessagePack.
 *
 * In pieces, so that writing or reading never holds more than one piece beside the state itself. The whole
 * state of a large shard in one go would be as much garbage as the state, all of it at once.
 */
import { packed, unpackedEach } from "../journal/journal-codec.ts";

const SNAPSHOT_VERSION = 3;

const ITEMS_PER_PIECE = 512;

/** Their order is part of the format: append only. */
const SECTIONS = ["time", "positions", "commands", "orders", "lanes", "skus"] as const;

export type StateSection = (typeof SECTIONS)[number];

type Piece = readonly [section: number, items: readonly unknown[]];

export class StateWriter {
  private readonly pieces: Uint8Array[] = [Uint8Array.of(SNAPSHOT_VERSION)];

  section(name: StateSection, items: Iterable<unknown>): void {
    const section = SECTIONS.indexOf(name);
    let piece: unknown[] = [];
    for (const item of items) {
      piece.push(item);
      if (piece.length < ITEMS_PER_PIECE) continue;
      this.pieces.push(packed([section, piece] satisfies Piece));
      piece = [];
    }
    if (piece.length > 0) this.pieces.push(packed([section, piece] satisfies Piece));
  }

  finish(): Uint8Array {
    return Buffer.concat(this.pieces);
  }
}

/**
 * Gives every item to the reader of its section, in order. Throws on bytes that are
 * not a state of this version.
 */
export function readState(
  bytes: Uint8Array,
  readers: Readonly<Record<StateSection, (item: unknown) => void>>,
): void {
  if (bytes[0] !== SNAPSHOT_VERSION) {
    throw new Error(`snapshot version ${bytes[0]} is not known, ${SNAPSHOT_VERSION} is`);
  }
  unpackedEach(bytes.subarray(1), (value) => {
    const [section, items] = value as Piece;
    const name = SECTIONS[section];
    if (name === undefined) throw new Error(`section ${section} of a snapshot is not known`);
    const read = readers[name];
    for (const item of items) read(item);
  });
}
