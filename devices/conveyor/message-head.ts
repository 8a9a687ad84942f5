/**
 * Finds boot id and sequence in an event that cannot be read otherwise, so that its device can be told that
 * it was refused. They are given back as they came, whatever their type, for the device to know them again.
 */
import { bareText, isObject } from "../mqtt/json-reader.ts";

export type MessageHead = { readonly bootId: unknown; readonly seq: unknown };

/** So much at either end is looked at where the message is no JSON. Characters. */
const LOOKED_AT = 4_096;
/** Longer texts are given back to nobody. */
const LONGEST = 256;

/** `undefined` where no sequence can be found; `bootId` is null where there is none. */
export function findHead(payload: Buffer): MessageHead | undefined {
  const text = bareText(payload);
  const said = payload.length <= 1024 * 1024 ? parsed(text) : undefined;
  const inText = `${text.slice(0, LOOKED_AT)}\n${text.slice(-LOOKED_AT)}`;
  const seq = isObject(said) ? said["seq"] : scalarIn(inText, "seq");
  const bootId = isObject(said) ? said["bootId"] : scalarIn(inText, "bootId");
  if (!isScalar(seq)) return undefined;
  return { bootId: isScalar(bootId) ? bootId : null, seq };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function scalarIn(text: string, key: string): unknown {
  const found = new RegExp(
    `"${key}"\\s*:\\s*("(?:[^"\\\\\\r\\n]|\\\\.){0,${LONGEST}}"|-?\\d+(?:\\.\\d+)?)`,
  ).exec(text);
  return found?.[1] === undefined ? undefined : parsed(found[1]);
}

function isScalar(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && value.length <= LONGEST);
}
