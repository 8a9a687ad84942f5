/** The first fault of an input, in words for whoever sent it. */
import type { TSchema } from "typebox";
import type { Validator } from "typebox/compile";

/**
 * Where and how `value` breaks the schema, for the caller:
 * `/lines/0/quantity must be integer`. Never the value itself.
 */
export function firstFault(
  validator: Pick<Validator<Record<never, TSchema>>, "Errors">,
  value: unknown,
): string {
  const errors = [...validator.Errors(value)];
  // Of a field that is not allowed two errors are reported,
  // and the later one is the one that a person understands.
  const fault = errors.find((error) => error.keyword === "additionalProperties") ?? errors[0];
  if (fault === undefined) return " is not valid";
  if (fault.keyword === "additionalProperties") {
    const names = (fault.params as { additionalProperties?: readonly string[] }).additionalProperties ?? [];
    return `${fault.instancePath} has unknown fields: ${names.slice(0, 5).join(", ").slice(0, 200)}`;
  }
  return `${fault.instancePath} ${fault.message}`;
}
