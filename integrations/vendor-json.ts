/** Reading foreign JSON field by field: whatever is missing or of another type is `undefined`, never an exception. */
import { storableText } from "../orders/storable-text.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

export function objectAt(value: unknown, key: string): JsonObject | undefined {
  return asObject(asObject(value)?.[key]);
}

/** Text as the store can hold it. */
export function textAt(value: unknown, key: string): string | undefined {
  const found = asObject(value)?.[key];
  return typeof found === "string" ? storableText(found) : undefined;
}

export function numberAt(value: unknown, key: string): number | undefined {
  const found = asObject(value)?.[key];
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = asObject(value)?.[key];
  return Array.isArray(found) ? found : [];
}
