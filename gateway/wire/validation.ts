/** The first error in an input, as a sentence for its sender. */
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
  // For a field that is not allowed two errors are reported, and people understand the later one.
  const fault = errors.find((error) => error.keyword === "additionalProperties") ?? errors[0];
  if (fault === undefined) return " is not valid";
  if (fault.keyword === "additionalProperties") {
    const names = (fault.params as { additionalProperties?: readonly string[] }).additionalProperties ?? [];
    return `${fault.instancePath} has unknown fields: ${names.slice(0, 5).join(", ").slice(0, 200)}`;
  }
  return `${fault.instancePath} ${fault.message}`;
}
