/**
 * Reads what a client says (`contract/client-messages.ts`). A message is checked by the schema of its own
 * type, so that a refusal is about the message that the client meant.
 */
import { Compile } from "typebox/compile";
import { CLIENT_MESSAGES, type ReadMessage } from "../../contract/client-messages.ts";
import { firstFault } from "../../contract/faults/first-fault.ts";
import { ApiError } from "../wire/problem.ts";

const validators = new Map(
  Object.entries(CLIENT_MESSAGES).map(([type, schema]) => [type, Compile(schema)] as const),
);

/** The message's id where it has a usable one, so that even a refused message can be answered. */
export function messageIdOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  const { id } = value;
  return typeof id === "string" && id.length >= 1 && id.length <= 64 ? id : null;
}

/** @throws ApiError `malformed_message`, `unknown_message_type` */
export function readMessage(value: unknown): ReadMessage {
  if (messageIdOf(value) === null) {
    throw new ApiError(
      "malformed_message",
      '/id is missing or wrong; expected a message with an id of 1 to 64 characters, for example {"id":"1","type":"ping"}',
    );
  }
  const type = (value as { type?: unknown }).type;
  const validator = typeof type === "string" ? validators.get(type) : undefined;
  if (validator === undefined) {
    throw new ApiError(
      "unknown_message_type",
      `/type must be one of: ${[...validators.keys()].join(", ")}; for example {"id":"1","type":"ping"}`,
    );
  }
  if (!validator.Check(value)) {
    throw new ApiError("malformed_message", `${String(type)}${firstFault(validator, value)}`);
  }
  return value as ReadMessage;
}
