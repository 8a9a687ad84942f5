/**
 * One request from bytes to reply: route, rate limit, identity, origin, permission, proof, input,
 * idempotency, handler, ETag. The order matters: the body is not looked at before the caller is known to be
 * allowed, and whoever has to prove again who they are repeats the request with the same key.
 */
import { createHash } from "node:crypto";
import { SpanStatusCode } from "@opentelemetry/api";
import Type from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { ANSWERED_WITHIN_MS, MAX_KEPT_REPLY_BYTES, WORK_RETRY_MS } from "../../config/limits.ts";
import { inCallersSpan, isTracing, traceOrderInRequest, traceparentOf } from "../../config/trace.ts";
import { firstFault } from "../../contract/faults/first-fault.ts";
import {
  claimIdempotencyKey,
  releaseIdempotencyKey,
  storeIdempotentReply,
} from "../../store/access/idempotency.ts";
import { oneAtATime } from "../../store/access/one-at-a-time.ts";
import { recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import {
  authenticate,
  isOwnOrigin,
  type Principal,
  presentedAs,
  presentedCredential,
  requireOneOf,
  requirePermission,
} from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import { requireProof } from "../access/proof.ts";
import { requireDemandedFactor } from "../access/second-factor-demand.ts";
import type { Allowance } from "../access/token-buckets.ts";
import { isBound, requireWithin } from "../access/within.ts";
import type { HttpHandler, HttpReply, HttpRequest } from "../wire/http-message.ts";
import { ApiError, describeError, logFailure, problemReply } from "../wire/problem.ts";
import { type Counted, deprecationHeaders, rateLimitHeaders } from "./answer-headers.ts";
import { broughtBack, isEmpty, isMissing, readingArchive } from "./archive-door.ts";
import { contentDisposition } from "./file-name.ts";
import { requireKnownHost } from "./known-host.ts";
import { windowOf } from "./list-window.ts";
import { isLocalCaller } from "./local-caller.ts";
import { isOfShoppers, personalSubject, withoutPersonalData } from "./personal-data.ts";
import {
  etagOf,
  fillVersion,
  namesVersion,
  requireMatch,
  resourcesOf,
  standInForVersion,
} from "./preconditions.ts";
import { readJsonBody } from "./read-json-body.ts";
import {
  type Answer,
  bareKey,
  type Call,
  type Route,
  type RouteWhereabouts,
  type Services,
} from "./route.ts";
import { createRouter } from "./router.ts";
import { callerFrom } from "./security-events.ts";
import { type SharedQuery, sharedQuery } from "./shared-query.ts";
import { sparse } from "./sparse-fields.ts";
import { matchesEtag, type StaticFiles } from "./static-files.ts";

type Checks = {
  readonly query: Validator | null;
  /** What shared code takes of a query: handlers do not see it. */
  readonly shared: ReadonlySet<string>;
  readonly integers: ReadonlySet<string>;
  readonly body: Validator | null;
};

/** Callers may send any word as a method; only these become labels. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** By no server on the way, and by no browser: answers have shoppers' data and secrets in them. */
const NOT_KEPT = "private, no-store";
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;
const KEY_EXPECTED =
  "1 to 255 printable characters that name this request and no other, for example 8e03978e-40d5-43e8-bc93-6894a57f9324";
const LATE_RETRY_MS = 1_000;
/**
 * Answers that do not judge the request itself. The caller should try again, so they are not kept for its
 * key.
 */
const TRANSIENT = new Set([408, 409, 412, 428, 429, 500, 503]);

export function createRestHandler(
  table: readonly Route[],
  services: Services,
  staticFiles: StaticFiles,
  documents: ReadonlyMap<string, () => string>,
  whereabouts: RouteWhereabouts,
): HttpHandler {
  const router = createRouter(table);
  const checks = new Map<Route, Checks>();
  const resources = resourcesOf(table);
  /** By request, what it was counted against. */
  const counted = new WeakMap<HttpRequest, Counted>();
  const { database, logger, metrics, addressBuckets, callerBuckets, security, work } = services;

  return respond;

  async function respond(request: HttpRequest): Promise<HttpReply> {
    const started = performance.now();
    let label = "-";
    let route: Route | null = null;
    let reply: HttpReply;
    try {
      requireKnownHost(request.headers["host"], services.hosts);
      const match = router.match(request.method, request.path);
      if (match === null) {
        reply = serveDocument(request);
      } else {
        route = match.route;
        label = route.path;
        reply = await inTime(match.route, traced(match.route, match.params, request));
      }
    } catch (error) {
      reply = failureReply(error, request, label);
    }
    const method = METHODS.has(request.method) ? request.method : "other";
    metrics.observeRequest(label, method, reply.status, (performance.now() - started) / 1000);
    const limitedBy = counted.get(request);
    const more = {
      ...(limitedBy === undefined ? {} : rateLimitHeaders(limitedBy, Date.now())),
      ...(route === null ? {} : deprecationHeaders(route)),
    };
    return { ...reply, headers: { ...reply.headers, ...more } };
  }

  /**
   * PostgreSQL or another engine may be silent for far longer than anybody waits. What was begun goes on
   * after the refusal: its key stays claimed until it ends, and has its answer then.
   */
  function inTime(route: Route, work: Promise<HttpReply>): Promise<HttpReply> {
    if (route.streamed || route.waitsForOthers) return work;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(tooLate(route)), ANSWERED_WITHIN_MS);
    });
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }

  function serveDocument(request: HttpRequest): HttpReply {
    const document = documents.get(request.path);
    const isStream = request.path === "/v1/stream";
    if ((document !== undefined || isStream) && request.method !== "GET" && request.method !== "HEAD") {
      throw new ApiError("method_not_allowed", "Allowed here: GET.", { headers: { allow: "GET" } });
    }
    if (document !== undefined)
      return withEtag(request, 200, document(), { "cache-control": "private, no-cache" });
    if (isStream) {
      const headers = { upgrade: "websocket", connection: "Upgrade" };
      throw new ApiError("upgrade_required", "Connect by WebSocket.", { headers });
    }
    const file = staticFiles(request);
    if (file === null) throw new ApiError("not_found", "There is nothing at this address.");
    return file;
  }

  /** Probes are asked every second, and tell nothing that the metrics do not. */
  function traced(
    route: Route,
    params: Readonly<Record<string, string>>,
    request: HttpRequest,
  ): Promise<HttpReply> {
    if (!isTracing() || !route.path.startsWith("/v1/")) return callRoute(route, params, request);
    const attributes = { "http.request.method": route.method, "http.route": route.path };
    return inCallersSpan(`${route.method} ${route.path}`, request.headers, attributes, async (span) => {
      const { id } = params;
      if (id !== undefined && route.path.startsWith("/v1/orders/{id}")) traceOrderInRequest(id);
      const reply = await callRoute(route, params, request).catch((error: unknown) =>
        failureReply(error, request, route.path),
      );
      span?.setAttribute("http.response.status_code", reply.status);
      if (reply.status >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
      const traceresponse = traceparentOf(span);
      return traceresponse === null ? reply : { ...reply, headers: { ...reply.headers, traceresponse } };
    });
  }

  async function callRoute(
    route: Route,
    params: Readonly<Record<string, string>>,
    request: HttpRequest,
  ): Promise<HttpReply> {
    const principal = await identify(route, request);
    const hand = takeInHand(route, request, principal);
    try {
      return await answer(route, params, request, principal);
    } catch (error) {
      if (principal !== null) await security.denied(request, principal, nameOf(route, request), error);
      throw error;
    } finally {
      hand.done();
    }
  }

  /** Probes are always let in, as they are past the rate limit. */
  function takeInHand(route: Route, request: HttpRequest, principal: Principal | null) {
    const isProbe = principal === null && !route.path.startsWith("/v1/");
    const caller = principal?.by ?? `${countedAs(request.remoteAddress)} ${route.path}`;
    const hand = isProbe ? { full: null, done: () => {} } : work.take(caller, request.body.length);
    if (hand.full === "caller")
      throw new ApiError("caller_busy", "Wait for answers before you send more.", {
        retryAfterMs: WORK_RETRY_MS,
      });
    if (hand.full === "all")
      throw new ApiError("gateway_busy", "Too much of everybody's work is in hand.", {
        retryAfterMs: WORK_RETRY_MS,
      });
    return hand;
  }

  async function answer(
    route: Route,
    params: Readonly<Record<string, string>>,
    request: HttpRequest,
    principal: Principal | null,
  ): Promise<HttpReply> {
    if (principal !== null) admit(route, request, principal);
    const check = checksFor(route);
    const caller = callerFrom(request, principal);
    const ifMatch = route.method === "GET" ? undefined : request.headers["if-match"];
    if (ifMatch !== undefined && !resources.has(route)) {
      throw new ApiError(
        "invalid_request",
        `If-Match is of no use here: ${nameOf(route, request)} changes nothing that can be read at its address.`,
      );
    }
    const prepare = (given: unknown): void => {
      if (resources.has(route) && namesVersion(route)) standInForVersion(given, ifMatch);
    };
    const { own, shared } = readQuery(request.query, check);
    let body: { readonly value: unknown } | null = null;
    const call: Call<unknown, unknown> = {
      request,
      params,
      query: own,
      get body() {
        body ??= { value: readJsonBody(request, check.body, route.method, prepare) };
        return body.value;
      },
      principal,
      services: {
        ...services,
        operations: { ...services.operations, caller },
        people: { ...services.people, caller },
      },
      send: respond,
    };
    if (principal !== null && isBound(principal.within)) await holdWithin(route, call, principal);
    // Not before it is known that the caller may send one; whatever the handler does, it is checked.
    const { body: _checked } = call;
    const { proof } = route;
    if (principal !== null && proof?.when !== undefined && (await proof.when(call)))
      requireProof(principal, proof.kind);
    const key = idempotencyKey(route, request);
    if (key === null) {
      const given = shownTo(principal, request, await handleIfMatched(route, call));
      await recordLook(route, params, request, principal);
      return replyOf(request, route, given, { shared, resource: resources.get(route) });
    }
    return once(route, call, key);
  }

  /** By the handler, where what is changed is in the state that the request names. */
  function handleIfMatched(route: Route, call: Call<unknown, unknown>): Promise<Answer<unknown>> {
    const ifMatch = call.request.headers["if-match"];
    const resource = resources.get(route);
    if (route.method === "GET" || ifMatch === undefined || resource === undefined) return handle(route, call);
    const segments = resource.path.split("/").length;
    const address = call.request.path.split("/").slice(0, segments).join("/");
    const change = async (): Promise<Answer<unknown>> => {
      const current = await stateOf(resource, address, call);
      requireMatch(ifMatch, etagOf(JSON.stringify(current)), address);
      fillVersion(call.body, current);
      return handle(route, call);
    };
    return namesVersion(route) ? change() : oneAtATime(database, address, change);
  }

  /** What the caller would get who reads at the address now. @throws ApiError where they may not */
  async function stateOf(resource: Route, address: string, call: Call<unknown, unknown>): Promise<unknown> {
    const { params, principal, services: own } = call;
    const request: HttpRequest = {
      ...call.request,
      method: "GET",
      path: address,
      query: "",
      body: Buffer.alloc(0),
    };
    const { own: query } = readQuery("", checksFor(resource));
    const reading = { request, params, query, body: null, principal, services: own, send: respond };
    if (principal !== null) admit(resource, request, principal);
    if (principal !== null && isBound(principal.within)) await holdWithin(resource, reading, principal);
    const shown = shownTo(principal, request, await handle(resource, reading));
    return "json" in shown ? shown.json : null;
  }

  /** Compiled when a route is first called: a process calls few of the hundreds that there are. */
  function checksFor(route: Route): Checks {
    const known = checks.get(route);
    if (known !== undefined) return known;
    const made = checksOf(route);
    checks.set(route, made);
    return made;
  }

  /** By the handler; where it finds nothing, once more in the archive. */
  async function handle(route: Route, call: Call<unknown, unknown>): Promise<Answer<unknown>> {
    let first: { readonly answer: Answer<unknown> } | { readonly error: unknown };
    try {
      const answer = await route.handle(call);
      if (!isEmpty(route, call, answer)) return answer;
      first = { answer };
    } catch (error) {
      if (!isMissing(error)) throw error;
      first = { error };
    }
    const { principal } = call;
    const reading = await readingArchive(route, call, database);
    if (reading !== null) {
      if (principal !== null && isBound(principal.within)) await holdWithin(route, reading, principal);
      if (route.method === "GET") return route.handle(reading);
      await broughtBack(route, call, database);
      return route.handle(call);
    }
    if ("error" in first) throw first.error;
    return first.answer;
  }

  /** @returns null on public routes */
  async function identify(route: Route, request: HttpRequest): Promise<Principal | null> {
    const { access } = route;
    if (access.kind === "public" || (access.kind === "local-or" && isLocalCaller(request))) {
      // Probes are never refused: an overload must not look like a dead process.
      if (route.path.startsWith("/v1/")) limit(request, addressBuckets, countedAs(request.remoteAddress));
      return null;
    }
    const credential = presentedCredential(request.headers, services.cookies);
    const principal = await authenticate(database, credential);
    if (principal === null) {
      limit(request, addressBuckets, countedAs(request.remoteAddress));
      if (credential !== null) {
        await security.refused(
          callerFrom(request, null),
          "access.unknown",
          nameOf(route, request),
          presentedAs(credential),
        );
      }
      throw new ApiError("unauthenticated", "Send an API key as bearer token, or sign in.");
    }
    limit(request, callerBuckets, `${principal.by} ${countedAs(request.remoteAddress)}`);
    return principal;
  }

  /** @throws ApiError where the name has no request left */
  function limit(request: HttpRequest, buckets: Allowance, name: string): void {
    counted.set(request, { buckets, name });
    const wait = buckets.take(name, Date.now());
    if (wait > 0) throw new ApiError("rate_limited", "Too many requests.", { retryAfterMs: wait });
  }

  /** @throws ApiError where who asks may not call the route, or not from this page */
  function admit({ access, proof, method, path }: Route, request: HttpRequest, principal: Principal): void {
    if (principal.staff !== null && method !== "GET" && !isOwnOrigin(request.headers, services.publicUrl)) {
      throw new ApiError(
        "origin_forbidden",
        "Changes by a signed-in browser come from Holdfast's own pages only.",
      );
    }
    requireDemandedFactor(principal, `${method} ${path}`);
    if (access.kind === "permission" || access.kind === "local-or") {
      requirePermission(principal, access.permission);
    } else if (access.kind === "one-of") {
      requireOneOf(principal, access.permissions);
    }
    if (proof !== null && proof.when === undefined) requireProof(principal, proof.kind);
  }

  /** @throws ApiError where the request is about what is outside the caller's places and channels */
  async function holdWithin(
    route: Route,
    call: Call<unknown, unknown>,
    { within }: Principal,
  ): Promise<void> {
    const about = whereabouts.get(`${route.method} ${route.path}`) ?? "company";
    if (about === "anything" || about === "filtered") return;
    const asked = about === "company" ? {} : await about(call);
    if (asked !== null) requireWithin(within, asked);
  }

  /** A person who looks at a shopper's data is recorded, once in a while: pages look again by themselves. */
  async function recordLook(
    route: Route,
    params: Readonly<Record<string, string>>,
    request: HttpRequest,
    principal: Principal | null,
  ): Promise<void> {
    if (principal === null || principal.staff === null) return;
    const subject = personalSubject(`${route.method} ${route.path}`, params);
    if (subject === null || !seesPersonalData(principal, route)) return;
    if ((await services.lookLimit.take(`${principal.by} ${subject}`, Date.now())) > 0) return;
    await recordAuditAlone(database, callerFrom(request, principal), { act: "personal-data.read", subject });
  }

  /** Runs the handler under a claimed key, or repeats the first answer of that key. */
  async function once(route: Route, call: Call<unknown, unknown>, key: string): Promise<HttpReply> {
    const { request, principal } = call;
    const caller = principal?.by ?? `public ${request.path}`;
    const claim = {
      scope: `${caller} ${route.method} ${route.path}`,
      key,
      fingerprint: createHash("sha256")
        .update(`${request.path}\n${request.query}\n`)
        .update(request.body)
        .digest(),
    };
    const claimed = await claimIdempotencyKey(database, claim);
    if (claimed.kind === "reused") {
      throw new ApiError("idempotency_key_reused", "This key was sent with another request.");
    }
    if (claimed.kind === "in_flight") {
      throw new ApiError("idempotency_in_flight", "The first request with this key is still running.", {
        retryAfterMs: 1_000,
      });
    }
    if (claimed.kind === "replay") {
      // Whoever asks again may see less by now.
      const { status, body } = claimed.reply;
      const text = JSON.stringify(shownJson(principal, request, body));
      const headers = {
        ...tagOfChange(route, resources.get(route), status, text),
        "idempotency-replayed": "true",
      };
      return jsonReply(status, text, headers);
    }
    try {
      const reply = await handleIfMatched(route, call).then(
        (given) =>
          replyOf(request, route, shownTo(principal, request, given), { resource: resources.get(route) }),
        async (error: unknown) => {
          if (principal !== null) await security.denied(request, principal, nameOf(route, request), error);
          return failureReply(error, request, route.path);
        },
      );
      const text = String(reply.body ?? "null");
      if (TRANSIENT.has(reply.status) || text.length > MAX_KEPT_REPLY_BYTES) {
        await releaseIdempotencyKey(database, claim);
      } else {
        const body: unknown = JSON.parse(text);
        const isRefusal = reply.status >= 400;
        const kept = isRefusal || route.kept === null ? body : route.kept(body);
        await storeIdempotentReply(database, claim, { status: reply.status, body: kept });
      }
      return reply;
    } catch (error) {
      await releaseIdempotencyKey(database, claim).catch(() => {});
      throw error;
    }
  }

  /** @param label the path as the route table has it */
  function failureReply(error: unknown, request: HttpRequest, label: string): HttpReply {
    const described = describeError(error);
    // Whoever has the token of a tracking page may see the order, and change it.
    const path = label.includes("{token}") ? label : request.path;
    logFailure(logger, error, { requestId: request.id, path }, "a request failed");
    return problemReply(described.code, described.detail, described);
  }
}

function tooLate({ method, idempotency }: Route): ApiError {
  const detail =
    method === "GET"
      ? "Nothing was changed: ask again."
      : idempotency === "none"
        ? "It may still be done: look before you send it again."
        : "It may still be done: send the same again with the same Idempotency-Key, and it is done once.";
  return new ApiError("answer_late", `No answer came in time. ${detail}`, { retryAfterMs: LATE_RETRY_MS });
}

/** Labels and packing slips have a permission of their own, and bear an address in any case. */
function seesPersonalData({ permissions }: Principal, { reply }: Route): boolean {
  return reply === null || permissions.has("personal-data.read");
}

/** The answer without what the caller is not to see of shoppers. */
function shownTo(
  principal: Principal | null,
  request: HttpRequest,
  answer: Answer<unknown>,
): Answer<unknown> {
  return "json" in answer ? { ...answer, json: shownJson(principal, request, answer.json) } : answer;
}

function shownJson(principal: Principal | null, { path }: HttpRequest, json: unknown): unknown {
  if (principal === null || principal.permissions.has("personal-data.read")) return json;
  return isOfShoppers(path) ? withoutPersonalData(json) : json;
}

/** What was asked for, as the audit log names it. */
function nameOf({ method }: Route, { path }: HttpRequest): string {
  return `${method} ${path}`;
}

function checksOf(route: Route): Checks {
  const properties = route.query?.properties ?? {};
  const integers = Object.entries(properties)
    .filter(([, schema]) => "type" in schema && schema.type === "integer")
    .map(([name]) => name);
  const shared = sharedQuery(route);
  if ("limit" in shared) integers.push("limit");
  // If a misspelt filter were ignored, the caller would see everything.
  const query = Type.Object({ ...properties, ...shared }, { additionalProperties: false });
  return {
    query: Compile(query) as unknown as Validator,
    shared: new Set(Object.keys(shared)),
    integers: new Set(integers),
    body:
      route.body === null || route.raw || route.streamed
        ? null
        : (Compile(route.body) as unknown as Validator),
  };
}

function readQuery(text: string, check: Checks): { readonly own: unknown; readonly shared: SharedQuery } {
  const fields = [...new URLSearchParams(text)];
  // Of two values nobody knows which one a proxy in front of us has looked at.
  const names = new Set<string>();
  for (const [name] of fields) {
    if (names.has(name)) {
      const shown = name.slice(0, 64);
      const again = new URLSearchParams([[shown, "1"]]).toString();
      throw new ApiError(
        "invalid_request",
        `query/${shown} is there twice; expected it once, for example ${again}`,
      );
    }
    names.add(name);
  }
  // By entries, so that a name such as `__proto__` is an unknown field, too.
  const query = Object.fromEntries(
    fields
      // An empty form field is a filter that was not set.
      .filter(([, value]) => value !== "")
      .map(([name, value]): [string, string | number] => [
        name,
        check.integers.has(name) && /^\d{1,15}$/.test(value) ? Number(value) : value,
      ]),
  );
  if (check.query !== null && !check.query.Check(query)) {
    throw new ApiError("invalid_request", `query${firstFault(check.query, query)}`);
  }
  const part = (isShared: boolean) =>
    Object.fromEntries(Object.entries(query).filter(([name]) => check.shared.has(name) === isShared));
  return { own: part(false), shared: part(true) };
}

function idempotencyKey(route: Route, request: HttpRequest): string | null {
  if (route.idempotency === "none") return null;
  const key = bareKey(request);
  if (key === undefined || key === "") {
    if (route.idempotency === "required" || route.idempotency === "each") {
      throw new ApiError(
        "idempotency_key_missing",
        `The header Idempotency-Key is missing; expected ${KEY_EXPECTED}`,
      );
    }
    return null;
  }
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new ApiError("invalid_request", `The header Idempotency-Key is wrong; expected ${KEY_EXPECTED}`);
  }
  if (route.idempotency === "each" || route.idempotency === "by-handler") return null;
  return key;
}

/**
 * @param how.shared what of the query is no matter of the handler
 * @param how.resource the route that reads what this one changes
 */
function replyOf(
  request: HttpRequest,
  route: Route,
  answer: Answer<unknown>,
  { shared = {}, resource }: { readonly shared?: SharedQuery; readonly resource: Route | undefined },
): HttpReply {
  if ("stream" in answer) {
    return {
      status: 200,
      headers: {
        "content-type": answer.contentType,
        "cache-control": NOT_KEPT,
        "content-disposition": contentDisposition(answer.file),
      },
      stream: answer.stream,
    };
  }
  if ("bytes" in answer) {
    return {
      status: 200,
      headers: {
        "content-type": answer.contentType,
        "cache-control": NOT_KEPT,
        ...(answer.file === null ? {} : { "content-disposition": contentDisposition(answer.file) }),
      },
      body: answer.bytes,
    };
  }
  const status = answer.status ?? 200;
  const { fields, ...window } = shared;
  const json = windowOf(answer.json, window);
  const body = JSON.stringify(json);
  if (route.method === "GET" && status === 200) {
    if (fields === undefined || route.reply === null)
      return withEtag(request, status, body, answer.headers ?? {});
    const part = JSON.stringify(sparse(route.reply, fields, json));
    return withEtag(request, status, part, answer.headers ?? {}, etagOf(body, fields));
  }
  return jsonReply(status, body, { ...tagOfChange(route, resource, status, body), ...answer.headers });
}

/**
 * Where a change is answered with what can be read afterwards, its tag, so that the next change needs no
 * read.
 */
function tagOfChange(
  route: Route,
  resource: Route | undefined,
  status: number,
  body: string,
): Readonly<Record<string, string>> {
  return resource !== undefined && status === 200 && route.reply === resource.reply
    ? { etag: etagOf(body) }
    : {};
}

/** Tags are for programs that ask again on purpose; browsers keep nothing that they could ask about. */
function withEtag(
  request: HttpRequest,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
  etag = etagOf(body),
): HttpReply {
  const validators = { etag, "cache-control": NOT_KEPT, ...headers };
  if (matchesEtag(request.headers["if-none-match"], etag)) return { status: 304, headers: validators };
  return { status, headers: { "content-type": "application/json", ...validators }, body };
}

function jsonReply(status: number, body: string, headers: Readonly<Record<string, string>>): HttpReply {
  return {
    status,
    headers: {
      "content-type": status >= 400 ? "application/problem+json" : "application/json",
      "cache-control": "no-store",
      ...headers,
    },
    body,
  };
}
