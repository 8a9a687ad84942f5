/**
 * Reads foreign JSON field by field. A value that is not as it must be throws `MalformedMessage`, which
 * becomes a dead letter. Nothing else is thrown, and no unchecked value passes.
 */
import type { DeadLetterCode } from "../../contract/devices.ts";

/** Larger messages are dead letters unread: a device's report is never that large. Bytes. */
export const MAX_MESSAGE_BYTES = 128 * 1024;

export type MalformedCode = Extract<
  DeadLetterCode,
  "invalid_json" | "invalid_message" | "number_out_of_range" | "message_too_large"
>;

export class MalformedMessage extends Error {
  readonly code: MalformedCode;

  constructor(code: MalformedCode, detail: string) {
    super(detail);
    this.name = "MalformedMessage";
    this.code = code;
  }
}

export type JsonObject = { readonly [key: string]: unknown };

export function parseJson(payload: Buffer, mostBytes = MAX_MESSAGE_BYTES): unknown {
  const text = textOf(payload, mostBytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MalformedMessage("invalid_json", error instanceof Error ? error.message : String(error));
  }
}

/** What a message of several values holds. */
export type JsonRun = {
  readonly values: readonly unknown[];
  /** What could not be read between them or of them, in words; `null`: nothing. */
  readonly garbled: string | null;
};

/** The values of one JSON value, of an array, or of objects that run together, with or without lines. */
export function parseJsonRun(payload: Buffer, mostBytes: number): JsonRun {
  const text = textOf(payload, mostBytes);
  const whole = tryParse(text);
  if (whole !== undefined) return { values: Array.isArray(whole) ? whole : [whole], garbled: null };
  const values: unknown[] = [];
  let garbled = 0;
  let end = 0;
  for (const { from, to } of objectsIn(text)) {
    const value = tryParse(text.slice(from, to));
    if (value === undefined) garbled += to - from;
    else values.push(value);
    garbled += betweenObjects(text.slice(end, from));
    end = to;
  }
  garbled += betweenObjects(text.slice(end));
  if (values.length === 0) {
    throw new MalformedMessage("invalid_json", "neither JSON nor JSON objects run together");
  }
  return { values, garbled: garbled === 0 ? null : `${garbled} characters are no JSON objects` };
}

/** Where the outermost braces open and close; an object that never closes is left out. */
function objectsIn(text: string): readonly { readonly from: number; readonly to: number }[] {
  const objects: { from: number; to: number }[] = [];
  let depth = 0;
  let from = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === "\\") index += 1;
      else if (character === '"') inString = false;
    } else if (character === "{") {
      if (depth === 0) from = index;
      depth += 1;
    } else if (depth > 0 && character === '"') {
      inString = true;
    } else if (depth > 0 && character === "}") {
      depth -= 1;
      if (depth === 0) objects.push({ from, to: index + 1 });
    }
  }
  return objects;
}

function betweenObjects(text: string): number {
  return text.replace(/[\s,[\]]/g, "").length;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(payload: Buffer, mostBytes: number): string {
  if (payload.length > mostBytes) throw new MalformedMessage("message_too_large", `${payload.length} bytes`);
  return bareText(payload);
}

/** Some firmware writes a byte order mark before the text, or the zero behind it that ends its strings. */
export function bareText(payload: Buffer): string {
  let end = payload.length;
  while (end > 0 && payload[end - 1] === 0) end -= 1;
  return payload.toString("utf8", 0, end).replace(/^\uFEFF/, "");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function asObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new MalformedMessage("invalid_message", `${what} is not an object`);
  return value;
}

export function asArray(value: unknown, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedMessage("invalid_message", `${what} is not an array`);
  if (value.length > most)
    throw new MalformedMessage("invalid_message", `${what} has ${value.length} entries`);
  return value;
}

/**
 * A string of 0 to `longest` characters without control characters or half surrogate pairs: it fits into a
 * column and a log.
 */
export function textField(object: JsonObject, key: string, longest = 256): string {
  const value = object[key];
  if (typeof value !== "string") throw new MalformedMessage("invalid_message", `${key} is not a string`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (value.length > longest || /[\u0000-\u001f\u007f\p{Cs}]/u.test(value)) {
    throw new MalformedMessage(
      "invalid_message",
      `${key} is longer than ${longest} or has characters that cannot be kept`,
    );
  }
  return value;
}

export function optionalText(object: JsonObject, key: string, longest = 256): string | undefined {
  return object[key] === undefined || object[key] === null ? undefined : textField(object, key, longest);
}

/**
 * A string that its standard leaves free, of any length. What no column and no log can keep becomes a blank:
 * a line break in a description must not cost the message.
 */
export function freeText(object: JsonObject, key: string): string {
  const value = object[key];
  if (typeof value !== "string") throw new MalformedMessage("invalid_message", `${key} is not a string`);
  return keepable(value);
}

/** As `freeText`, for what is only shown: cut at `longest`, and empty where it is no string. */
export function shownText(object: JsonObject, key: string, longest = 1024): string {
  const value = object[key];
  return typeof value === "string" ? keepable(value.slice(0, longest)) : "";
}

function keepable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f\p{Cs}]/gu, " ");
}

export function integerField(object: JsonObject, key: string, least: number, most: number): number {
  const value = object[key];
  if (typeof value !== "number") throw new MalformedMessage("invalid_message", `${key} is not a number`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new MalformedMessage("number_out_of_range", `${key} is not an integer from ${least} to ${most}`);
  }
  return value;
}

export function numberField(object: JsonObject, key: string): number {
  const value = object[key];
  if (typeof value !== "number") throw new MalformedMessage("invalid_message", `${key} is not a number`);
  if (!Number.isFinite(value)) throw new MalformedMessage("number_out_of_range", `${key} is not finite`);
  return value;
}

export function booleanField(object: JsonObject, key: string): boolean {
  const value = object[key];
  if (typeof value !== "boolean") throw new MalformedMessage("invalid_message", `${key} is not a boolean`);
  return value;
}

/** ISO 8601 with `Z`, `+00:00` or `+0000`; readers in the field send all three, with up to nanoseconds. */
export function timeField(object: JsonObject, key: string): number {
  const text = textField(object, key, 40);
  const parts = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})$/.exec(text);
  const zone = parts?.[3]?.replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const ms = parts === null ? Number.NaN : Date.parse(`${parts[1]}${(parts[2] ?? "").slice(0, 4)}${zone}`);
  if (Number.isNaN(ms)) throw new MalformedMessage("invalid_message", `${key} is not a time: ${text}`);
  return ms;
}
