import type { Validator } from "typebox/compile";
import { firstFault } from "../../contract/faults/first-fault.ts";
import { parseBoundedJson } from "../wire/bounded-json.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";

/**
 * A request's body within its bounds, as its schema says. Without a body it is `{}`.
 *
 * @param validator null: the request has no body, and none is read
 * @param name what an error calls the body's owner
 * @param prepare may complete the body before it is held against its schema
 * @throws ApiError that names the first fault
 */
export function readJsonBody(
  request: HttpRequest,
  validator: Validator | null,
  name: string,
  prepare: (body: unknown) => void = () => {},
): unknown {
  if (validator === null) return null;
  let body: unknown = {};
  if (request.body.length > 0) {
    requireJson(request.headers["content-type"] ?? "");
    body = parseBoundedJson(utf8Text(request.body), "malformed_request");
  }
  prepare(body);
  if (!validator.Check(body)) {
    throw new ApiError("invalid_request", `${name} body${firstFault(validator, body)}`);
  }
  return body;
}

/** @throws ApiError where the body is said to be anything else than JSON in UTF-8 */
function requireJson(contentType: string): void {
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((each) => each.startsWith("charset="))?.slice("charset=".length);
  const isUtf8 = charset === undefined || /^"?(utf-?8|us-ascii)"?$/.test(charset);
  if (type === "application/json" && isUtf8) return;
  throw new ApiError(
    "unsupported_media_type",
    `The header Content-Type is ${contentType === "" ? "missing" : "another"}; expected JSON in UTF-8, for example Content-Type: application/json`,
  );
}

/**
 * A body's text. Other bytes would be read as marks that stand for nothing, and a name be kept that nobody has.
 *
 * @throws ApiError `malformed_request`
 */
export function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError(
      "malformed_request",
      "The body is not UTF-8; expected JSON in UTF-8, for example the bytes c3 a9 for é",
    );
  }
}
