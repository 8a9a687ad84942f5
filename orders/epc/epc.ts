/**
 * The one door to RFID tags: from the hexadecimal digits that a reader reports to what the tag is, per GS1
 * EPC Tag Data Standard, and back. Every scheme has its file beside this one. What a tag means to an order is
 * decided elsewhere.
 *
 * The first byte names the scheme; three bits of filter follow. Unused bits at the end are zero.
 */
import { type Giai, type Grai, readGiai, readGrai, writeGiai, writeGrai } from "./assets.ts";
import { BitReader, BitWriter } from "./bits.ts";
import { readSgtin, type Sgtin, writeSgtin } from "./sgtin.ts";
import { readSscc, type Sscc, writeSscc } from "./sscc.ts";

export type Epc = Sgtin | Sscc | Grai | Giai;

type Scheme = { readonly encoding: Epc["encoding"]; readonly header: number; readonly bits: number };

/** The first byte, and the size: tag memory comes in words of 16 bits. */
const SCHEMES: readonly Scheme[] = [
  { encoding: "sgtin-96", header: 0x30, bits: 96 },
  { encoding: "sscc-96", header: 0x31, bits: 96 },
  { encoding: "grai-96", header: 0x33, bits: 96 },
  { encoding: "giai-96", header: 0x34, bits: 96 },
  { encoding: "sgtin-198", header: 0x36, bits: 208 },
];

/**
 * What the tag says; `undefined` where `hex` is none of these: portals read tags of other companies all day.
 */
export function decodeEpc(hex: string): Epc | undefined {
  if (!/^(?:[0-9a-fA-F]{4})+$/.test(hex)) return undefined;
  const bits = new BitReader(hex);
  const header = Number(bits.take(8));
  const scheme = SCHEMES.find((each) => each.header === header && each.bits === hex.length * 4);
  if (scheme === undefined) return undefined;
  const epc = read(bits, Number(bits.take(3)), scheme.encoding);
  return bits.restIsZero ? epc : undefined;
}

/** Upper-case hex. Throws a RangeError where a field is not valid: tags are made from our own data. */
export function encodeEpc(epc: Epc): string {
  const scheme = SCHEMES.find((each) => each.encoding === epc.encoding);
  if (scheme === undefined) throw new RangeError(`not an encoding: ${epc.encoding}`);
  const bits = new BitWriter().put(BigInt(scheme.header), 8).put(BigInt(epc.filter), 3);
  write(bits, epc);
  return bits.hex(scheme.bits);
}

function read(bits: BitReader, filter: number, encoding: Epc["encoding"]): Epc | undefined {
  switch (encoding) {
    case "sgtin-96":
    case "sgtin-198":
      return readSgtin(bits, filter, encoding);
    case "sscc-96":
      return readSscc(bits, filter);
    case "grai-96":
      return readGrai(bits, filter);
    case "giai-96":
      return readGiai(bits, filter);
    default:
      return encoding satisfies never;
  }
}

function write(bits: BitWriter, epc: Epc): void {
  if ("gtin" in epc) writeSgtin(bits, epc);
  else if ("sscc" in epc) writeSscc(bits, epc);
  else if ("grai" in epc) writeGrai(bits, epc);
  else writeGiai(bits, epc);
}
