/**
 * Many changes in one request: products, stock, mappings, commands on orders. Each goes through the whole
 * edge by itself, as if its caller had sent it: permission, place, limit, key and conditions are its own, and
 * so is its answer. They are done one after the other, in their order; one that is refused does not stop the
 * next.
 *
 * B1 The `Idempotency-Key` of the whole is that of each, with its place. A repeat does what was not done, and
 *    answers the rest as before, however far the first came.
 * B2 Bodies go on with the digits that they came with (`lossless-json`): a number of a channel is an id.
 */
import { parse, stringify } from "lossless-json";
import { BulkAnswer, BulkBody } from "../../contract/requests/bulk.ts";
import { callerOf, type Route, route } from "../http/route.ts";
import type { HttpReply, HttpRequest } from "../wire/http-message.ts";
import { ApiError, describeError, problemReply } from "../wire/problem.ts";

/** They are somebody else's, sign people in, or answer with paper. */
const NOT_IN_BULK =
  /^\/v1\/(bulk|imports|webhooks|track|sessions|account|passkey-|password-|single-|packing-slips)/;

/** Of the whole request, and of no part of it. */
const OF_THE_WHOLE = new Set([
  "content-length",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
]);

export const bulkRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/bulk",
    summary: "Does up to 100 changes one after the other, each answered for itself",
    access: { kind: "known" },
    body: BulkBody,
    reply: BulkAnswer,
    idempotency: "each",
    handle: async (call) => {
      callerOf(call);
      const { requests: asWritten } = parse(call.request.body.toString("utf8")) as {
        readonly requests: readonly { readonly body?: unknown }[];
      };
      const results: { status: number; etag: string | null; body: unknown }[] = [];
      for (const [place, { method, path, ifMatch }] of call.body.requests.entries()) {
        // Nobody waits for the rest any more; whoever asks again with the key gets all of it.
        if (call.request.gone?.aborted === true) throw call.request.gone.reason;
        const part = partOf(call.request, place, method, path, ifMatch, asWritten[place]?.body);
        results.push(resultOf(await sent(call.send, part)));
      }
      return { json: { results } };
    },
  }),
];

function partOf(
  whole: HttpRequest,
  place: number,
  method: string,
  address: string,
  ifMatch: string | undefined,
  body: unknown,
): HttpRequest {
  const [path = "", query = ""] = address.split("?", 2);
  const headers = Object.fromEntries(
    Object.entries(whole.headers).filter(([name]) => !OF_THE_WHOLE.has(name)),
  );
  const text = body === undefined ? "" : (stringify(body) ?? "");
  return {
    ...whole,
    id: `${whole.id.slice(0, 56)}.${place}`,
    method,
    path,
    query,
    headers: {
      ...headers,
      ...(text === "" ? {} : { "content-type": "application/json" }),
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
      "idempotency-key": partKey(whole.headers["idempotency-key"] ?? "", place),
    },
    body: Buffer.from(text),
  };
}

/** Within the length of a key, and of no other whole. */
function partKey(key: string, place: number): string {
  const bare = key.replace(/^"(.*)"$/, "$1");
  return `${bare.slice(0, 240)}#${place}`;
}

async function sent(
  send: (request: HttpRequest) => Promise<HttpReply>,
  part: HttpRequest,
): Promise<HttpReply> {
  if (!NOT_IN_BULK.test(part.path)) return send(part);
  const refused = describeError(
    new ApiError("invalid_request", `${part.path} is sent by itself: it is none of the changes of a bulk.`),
  );
  return problemReply(refused.code, refused.detail);
}

function resultOf({ status, headers = {}, body = "" }: HttpReply) {
  const type = headers["content-type"] ?? "";
  const text = typeof body === "string" ? body : Buffer.from(body).toString("utf8");
  return {
    status,
    etag: headers["etag"] ?? null,
    body: /[/+]json/.test(type) && text !== "" ? JSON.parse(text) : null,
  };
}
