import type { Validator } from "typebox/compile";
import { parseBoundedJson } from "../wire/bounded-json.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";
import { firstFault } from "../wire/validation.ts";

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
    const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
    if (type !== "application/json") {
      throw new ApiError("unsupported_media_type", "Send the body as application/json.");
    }
    body = parseBoundedJson(request.body.toString("utf8"), "malformed_request");
  }
  prepare(body);
  if (!validator.Check(body)) {
    throw new ApiError("invalid_request", `${name} body${firstFault(validator, body)}`);
  }
  return body;
}
