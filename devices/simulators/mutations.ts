/**
 * Every way in which one JSON message can be wrong: each field in turn taken away, or given a value that it
 * should not have; and the whole message cut, padded, or made of other bytes. One mutation changes one thing.
 *
 * Pure and without chance: the same message has the same mutations in the same order.
 */

export type Mutation = {
  /** `barcodes[0]: a control character`. */
  readonly what: string;
  /** The bytes of such a message, wrong in this way. */
  readonly of: (message: object) => Buffer;
};

type Step = string | number;
type Path = readonly Step[];

/** Stands for JSON text that `JSON.stringify` would not write. */
const RAW = "@raw@";
const DEEP = 3_000;
/** Larger than what any protocol here takes of an event. */
const LARGE_BYTES = 200 * 1024;

/** @param sample a message with the fields of those that are to go wrong */
export function mutationsOf(sample: object): readonly Mutation[] {
  return [...fieldMutations(sample), ...WHOLE];
}

function fieldMutations(sample: object): readonly Mutation[] {
  return [...pathsOf(sample)].flatMap((path) => {
    const name = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
    const what = name.replace(/^\./, "");
    const values = rawValues(valueAt(sample, path));
    return [
      { what: `${what}: removed`, of: (message: object) => bytes(replaced(message, path, undefined)) },
      ...values.map(([how], index) => ({
        what: `${what}: ${how}`,
        of: (message: object) => withRaw(message, path, rawValues(valueAt(message, path))[index]?.[1] ?? ""),
      })),
    ];
  });
}

/** What may stand in a field's place, as JSON text or what looks like it. */
function rawValues(value: unknown): readonly (readonly [how: string, raw: string])[] {
  const json = JSON.stringify(value);
  const values: [string, string][] = [
    ["null", "null"],
    ["true", "true"],
    ["a number", "7"],
    ["a number as a text", '"7"'],
    ["a text", '"seven"'],
    ["an array of it", `[${json}]`],
    ["an object of it", `{"0":${json}}`],
    ["an empty array", "[]"],
    ["an empty object", "{}"],
    ["an empty text", '""'],
    ["NaN", "NaN"],
    ["NaN as a text", '"NaN"'],
    ["a number beyond all", "1e400"],
    ["deep nesting", `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`],
    ["an object that would be its own prototype", '{"__proto__":{"toString":null}}'],
    ["nothing behind the colon", ""],
  ];
  if (typeof value === "string") values.push(...rawTexts(value));
  if (typeof value === "number") values.push(...rawNumbers(value));
  if (Array.isArray(value)) {
    values.push(["an object in an array's place", JSON.stringify({ ...value })]);
    values.push(["its entries many times over", JSON.stringify(Array(300).fill(value).flat())]);
    values.push(["null among its entries", JSON.stringify([...value, null])]);
  } else if (typeof value === "object" && value !== null) {
    values.push(["an array in an object's place", JSON.stringify(Object.values(value))]);
  }
  return values;
}

function rawTexts(text: string): [string, string][] {
  const middle = Math.ceil(text.length / 2);
  const amid = (what: string): string => JSON.stringify(text.slice(0, middle) + what + text.slice(middle));
  return [
    ["a NUL in it", amid("\u0000")],
    ["a NUL behind it", JSON.stringify(`${text}\u0000`)],
    ["a line break in it", amid("\r\n")],
    ["a separator in it", amid("\u001d")],
    ["blanks around it", JSON.stringify(`  ${text}\t`)],
    ["half a pair of surrogates in it", amid("\ud83d")],
    ["other scripts in it", amid("Größe 尺寸 مقاس")],
    ["a turned direction in it", amid("\u202e")],
    ["pairs of surrogates at an odd place", JSON.stringify(`a${"😀".repeat(1_000)}`)],
    ["very long", JSON.stringify(text + "x".repeat(9_000))],
    ["a slash and a wildcard", JSON.stringify(`${text}/+/#`)],
    ["a quote of SQL", JSON.stringify(`${text}'; drop table device; --`)],
    ["a negative number as a text", '"-1"'],
    ["a time long past", '"0001-01-01T00:00:00Z"'],
    ["a time far ahead", '"9999-12-31T23:59:59.999Z"'],
    ["a day that is none", '"2026-02-30T25:61:61Z"'],
  ];
}

function rawNumbers(number: number): [string, string][] {
  return [
    ["negative", String(-Math.abs(number) - 1)],
    ["zero", "0"],
    ["negative zero", "-0"],
    ["a fraction", String(number + 0.5)],
    ["tiny", "5e-324"],
    ["past 16 bits", String(number + 2 ** 16)],
    ["past 31 bits", String(number + 2 ** 31)],
    ["past 32 bits", String(number + 2 ** 32)],
    ["the largest exact integer", String(Number.MAX_SAFE_INTEGER)],
    ["past exactness", "9007199254740993"],
    ["huge", "1e300"],
    ["a leading zero", `0${number}`],
    ["hexadecimal", "0x10"],
  ];
}

const WHOLE: readonly Mutation[] = (
  [
    ...[0.1, 0.25, 0.5, 0.75, 0.9].map(
      (share) =>
        [
          `cut after ${share * 100} %`,
          (text: string) => text.slice(0, Math.ceil(text.length * share)),
        ] as const,
    ),
    ["without its last character", (text) => text.slice(0, -1)],
    ["with a byte order mark", (text) => `\ufeff${text}`],
    ["with two byte order marks", (text) => `\ufeff\ufeff${text}`],
    ["in UTF-16", (text) => Buffer.from(text, "utf16le")],
    ["with bytes that are no UTF-8 in its texts", latin],
    [
      "with bytes that are no UTF-8 behind it",
      (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xff, 0xfe)]),
    ],
    ["empty", () => ""],
    ["a blank", () => " "],
    ["binary", () => Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 37) % 256))],
    ["nothing but NUL", () => Buffer.alloc(64)],
    ["padded", (text) => text + " ".repeat(LARGE_BYTES)],
    [
      "with a very large field of its own",
      (text) => `${text.slice(0, -1)},"more":"${"x".repeat(LARGE_BYTES)}"}`,
    ],
    ["twice", (text) => text + text],
    ["with a comma behind it", (text) => `${text},`],
    ["in an array", (text) => `[${text}]`],
    ["in an array beside null", (text) => `[null,${text}]`],
    ["as a text", (text) => JSON.stringify(text)],
    ["null", () => "null"],
    ["a number", () => "7"],
    ["an empty object", () => "{}"],
    ["an empty array", () => "[]"],
    ["deep nesting", () => "[".repeat(50_000)],
    ["in single quotes", (text) => text.replaceAll('"', "'")],
    ["with every field twice", (text) => `{${text.slice(1, -1)},${text.slice(1, -1)}}`],
  ] satisfies readonly (readonly [what: string, of: (text: string) => Buffer | string])[]
).map(([what, of]) => ({
  what: `the message: ${what}`,
  of: (message) => Buffer.from(of(JSON.stringify(message))),
}));

/** A byte of Latin-1 within each text that ends a field's value. */
function latin(text: string): Buffer {
  return Buffer.from(text.replaceAll('",', '\u00e9",'), "latin1");
}

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* pathsOf(each, [...path, index]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) yield* pathsOf(each, [...path, key]);
  }
}

function valueAt(value: unknown, [step, ...rest]: Path): unknown {
  if (step === undefined) return value;
  return valueAt((value as Readonly<Record<Step, unknown>>)[step], rest);
}

/** A copy with another value at the path; `undefined`: it is left out. */
function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  const inner = replaced(valueAt(value, [step]), rest, by);
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => (index !== step ? [each] : inner === undefined ? [] : [inner]));
  }
  const entries = Object.entries(value as object).map(([key, each]) => [key, key === step ? inner : each]);
  return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
}

function withRaw(message: object, path: Path, raw: string): Buffer {
  return Buffer.from(JSON.stringify(replaced(message, path, RAW)).replace(`"${RAW}"`, () => raw));
}

function bytes(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}
