/**
 * What a schema expects, in words, and an example of it: so that whoever sent a wrong value can mend it without
 * looking anything up. Examples are made of the schema itself; a test holds them against it for every body.
 */

/** What this file reads of a schema. */
export type Expected = {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Expected[];
  readonly allOf?: readonly Expected[];
  readonly properties?: Readonly<Record<string, Expected>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Expected>>;
  readonly items?: Expected;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
};

/** Alternatives that a sentence names; beyond it the description of the API has them. */
const NAMED = 12;

/** Texts that people would send, the plainest first; a schema's example is the first that fits. */
const SAMPLES = [
  "TEE-1",
  "web",
  "tee-1",
  "US",
  "us",
  "en",
  "USD",
  "1.00",
  "1",
  "ada@example.com",
  "2026-11-30",
  "2026-11-30T08:00:00Z",
  "08:00",
  "https://erp.example/holdfast",
  "/v1/products/TEE-1",
  "Europe/Zurich",
  "00614141000012",
  "123456",
  "610910",
  "#0a6b5c",
  "AAAA",
  "order.captured",
  "AAAAAAAAAAAAAAAAAAAAAAAA",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
  "8e03978e-40d5-43e8-bc93-6894a57f9324",
];

/** What people send in a field of this name, where it fits. */
const BY_NAME: Readonly<Record<string, string>> = {
  name: "Main Street",
  title: "T-shirt",
  label: "Gift message",
  reason: "The shopper asks to wait.",
  note: "Ring twice.",
  comment: "Too small.",
  email: "ada@example.com",
  phone: "+1 202 555 0143",
  password: "correct horse battery staple",
  line1: "1 Main Street",
  city: "New York",
  region: "NY",
  postalCode: "10001",
  location: "east",
  locationId: "east",
  lineId: "1",
  subject: "Your order",
  currency: "USD",
  country: "US",
  hsCode: "610910",
  cause: "delivery",
};

/** @returns what is expected, as the end of a sentence: `a whole number from 1 to 100` */
export function described(schema: Expected): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return `one of ${listed(schema.enum.map((each) => JSON.stringify(each)))}`;
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(described))].join(" or ");
  if (schema.allOf !== undefined) return described(schema.allOf[0] ?? {});
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema.minimum, schema.maximum)}`;
    case "number":
      return `a number${range(schema.minimum, schema.maximum)}`;
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array":
      return `a list${range(schema.minItems, schema.maxItems, " entries")}`;
    case "object":
      return schema.properties === undefined ? "an object" : `an object with ${listed(namesIn(schema))}`;
    case "string":
      return describedText(schema);
    default:
      return "any JSON";
  }
}

function describedText({ format, pattern, minLength, maxLength }: Expected): string {
  if (format === "date") return "a day that there is, YYYY-MM-DD";
  if (format === "date-time") return "an instant with its zone, RFC 3339";
  const isPlain = pattern === undefined || pattern.startsWith("^[^\\u0000") || pattern === "^[\\x20-\\x7e]*$";
  const text = `text${range(minLength, maxLength, " characters")}`;
  return isPlain ? text : `${text} like ${pattern}`;
}

function namesIn({ properties = {}, required = [] }: Expected): readonly string[] {
  return required.length > 0 ? required : Object.keys(properties);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(", ");
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

function range(from: number | undefined, to: number | undefined, unit = ""): string {
  if (from === undefined && to === undefined) return "";
  if (to === undefined) return ` of at least ${from}${unit}`;
  if (from === undefined) return ` of at most ${to}${unit}`;
  return unit === "" ? ` from ${from} to ${to}` : ` of ${from} to ${to}${unit}`;
}

/**
 * A value that the schema takes.
 *
 * @param isWhole with the fields that need not be there, and with each variant of a list's entries
 */
export function exampleOf(schema: Expected, isWhole = false): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined)
    return exampleOf(schema.anyOf.find(({ type }) => type !== "null") ?? { type: "null" }, isWhole);
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((each) => exampleOf(each, isWhole)));
  switch (schema.type) {
    case "integer":
    case "number":
      return Math.min(schema.maximum ?? 1, Math.max(schema.minimum ?? 1, 1));
    case "boolean":
      return true;
    case "null":
      return null;
    case "array":
      return listOf(schema, isWhole);
    case "object":
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => isWhole || (schema.required ?? []).includes(name))
          .map(([name, each]) => [name, exampleOfField(name, each, isWhole)]),
      );
    case "string":
      return textFor(schema);
    default:
      return {};
  }
}

function exampleOfField(name: string, schema: Expected, isWhole: boolean): unknown {
  const usual = BY_NAME[name];
  return usual !== undefined && schema.type === "string" && isFree(schema) && isText(schema, usual)
    ? usual
    : exampleOf(schema, isWhole);
}

function listOf(
  { items = {}, minItems = 0, maxItems = 100 }: Expected,
  isWhole: boolean,
): readonly unknown[] {
  const variants = (isWhole ? items.anyOf : undefined) ?? [items];
  const wanted = Math.min(maxItems, Math.max(minItems, variants.length));
  return Array.from({ length: wanted }, (_, at) => {
    const entry = variants[at % variants.length] ?? items;
    // Of a list in which none is there twice, each another one.
    if (entry.type === "string") return entry.enum?.[at] ?? textFor(entry, at);
    return exampleOf(entry, isWhole);
  });
}

/** Not one of a few words. */
function isFree(schema: Expected): boolean {
  return schema.enum === undefined && schema.const === undefined;
}

/** Whether a text is as long and of the signs that are asked for. */
function isText(
  { pattern, format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Expected,
  text: string,
): boolean {
  const isFormatted = format === "date" || format === "date-time";
  const isLong = text.length >= minLength && text.length <= maxLength;
  return isLong && !isFormatted && (pattern === undefined || new RegExp(pattern, "u").test(text));
}

function textFor(schema: Expected, place = 0): string {
  const { format, minLength = 0 } = schema;
  if (format === "date") return "2026-11-30";
  if (format === "date-time") return "2026-11-30T08:00:00Z";
  const fitting = SAMPLES.filter((text) => isText(schema, text));
  return fitting[place % Math.max(1, fitting.length)] ?? "A".repeat(Math.max(1, minLength));
}
