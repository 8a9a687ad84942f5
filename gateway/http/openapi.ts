/**
 * OpenAPI 3.1 of the route table. Its schemas are the ones that requests are checked against, and its answers
 * those of `route-answers.ts`: every status that an operation has, with the codes that it can mean.
 *
 * Beside the table it has what is served past it: itself, the stream's handshake, and the set-up of an empty
 * system.
 */
import Type, { type TSchema } from "typebox";
import { MAX_PATH_PARAMETER } from "../../config/limits.ts";
import { SetUp, SetupBody } from "../../contract/company.ts";
import { type Expected, exampleOf } from "../../contract/faults/expectation.ts";
import { Problem } from "../../contract/shapes.ts";
import { PROOF_AGES } from "../access/proof.ts";
import { STATUS_CODES_BY_CODE, type StatusCode } from "../wire/status-codes.ts";
import { ANSWER_EXAMPLES } from "./answer-examples.ts";
import { EXAMPLES } from "./openapi-examples.ts";
import { GROUPS, tagOf } from "./openapi-tags.ts";
import { namesVersion, resourcesOf } from "./preconditions.ts";
import type { Route, RouteWhereabouts } from "./route.ts";
import { answersOf, byStatus, type RouteAnswers } from "./route-answers.ts";
import { withNames } from "./schema-names.ts";
import { sharedQuery } from "./shared-query.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the document is made of beside the routes. */
type Known = {
  readonly answers: RouteAnswers;
  readonly whereabouts: RouteWhereabouts;
  readonly publicUrl: string;
  /** Name of the cookie by which staff are known. */
  readonly sessionCookie: string;
};

/** A route, with the one that reads what it changes. */
type Changing = { readonly resource: Route | undefined };

/** Answers to what is no refusal, by status. */
const DONE: Readonly<Record<number, string>> = {
  200: "Done",
  201: "Made",
  202: "Accepted; it goes on after this answer",
  304: "It is still what `If-None-Match` names",
};

export function openApiDocument(table: readonly Route[], known: Known): string {
  const shared = new Map<string, Json>();
  const schemas = new Map<string, Json>();
  const paths: Record<string, Record<string, unknown>> = {};
  const add = (method: string, path: string, operation: Json) => {
    paths[path] = {
      ...paths[path],
      [method]: { operationId: operationId(method, path), tags: [tagOf(path)], ...operation },
    };
  };
  const resources = resourcesOf(table);
  for (const route of table) {
    const changing = { resource: resources.get(route) };
    add(route.method.toLowerCase(), route.path, operation(route, changing, known, shared, schemas));
  }
  for (const [method, path, operation] of besideTheTable(shared, schemas)) add(method, path, operation);
  return JSON.stringify({
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version: "1",
      description:
        "Errors are RFC 9457 problems with a stable `code`. Lists are pages with an opaque cursor. Amounts are integer minor units. " +
        "Headers of more than 4 KiB are answered 431 by the HTTP server itself, without a problem, and a request that is no HTTP 400.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: known.publicUrl }],
    tags: GROUPS.flatMap(({ tags }) => tags.map(({ name, description }) => ({ name, description }))),
    // Of Redoc, which draws the reference.
    "x-tagGroups": GROUPS.map(({ name, tags }) => ({ name, tags: tags.map((tag) => tag.name) })),
    components: {
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "hf_<id>_<secret>" },
        session: { type: "apiKey", in: "cookie", name: known.sessionCookie },
      },
      schemas: Object.fromEntries([
        ["Problem", Problem],
        ...[...schemas].sort(([a], [b]) => (a < b ? -1 : 1)),
      ]),
      headers: headersIn(paths),
      responses: Object.fromEntries([...shared].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
    paths,
  });
}

function operation(
  route: Route,
  { resource }: Changing,
  known: Known,
  shared: Map<string, Json>,
  schemas: Map<string, Json>,
): Json {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const { access } = route;
  const answers = answersOf(route, known.answers, known.whereabouts, resource ?? null);
  const responses: Record<string, unknown> = {};
  for (const [status, codes] of answers.refusals) responses[status] = refused(status, codes, shared);
  responses[431] = headersTooLarge(shared);
  for (const status of answers.statuses) {
    responses[status] = done(
      status,
      answers.types,
      route.reply === null ? {} : withNames(route.reply, schemas),
      responses[status] as Json | undefined,
      headersOf(route, resource, status),
      ANSWER_EXAMPLES[`${route.method} ${route.path}`],
    );
  }
  return {
    // Plain text, unlike descriptions.
    summary: route.summary.replaceAll("`", ""),
    ...(route.deprecated === null ? {} : { deprecated: true }),
    ...describe(route),
    ...(route.proof === null ? {} : { "x-proof-within-seconds": PROOF_AGES[route.proof.kind] / 1_000 }),
    // On the machine itself `local-or` needs no identity.
    security:
      access.kind === "public"
        ? []
        : [{ apiKey: [] }, { session: [] }, ...(access.kind === "local-or" ? [{}] : [])],
    parameters: [
      ...names.map((name) => ({
        name,
        in: "path",
        required: true,
        schema: { type: "string", minLength: 1, maxLength: MAX_PATH_PARAMETER },
      })),
      ...Object.entries(route.query?.properties ?? {}).map(([name, schema]) =>
        queryParameter(name, schema, route.query?.required?.includes(name) ?? false),
      ),
      ...Object.entries(sharedQuery(route)).map(([name, schema]) => queryParameter(name, schema, false)),
      ...(resource === undefined ? [] : [ifMatch(resource)]),
      ...(route.idempotency === "none"
        ? []
        : [idempotencyKey(route.idempotency === "required" || route.idempotency === "each")]),
    ],
    ...(route.streamed
      ? { requestBody: STREAMED_BODY }
      : route.body === null
        ? {}
        : {
            requestBody: requestBody(
              resource !== undefined && namesVersion(route) ? withoutVersion(route.body) : route.body,
              schemas,
              bodyExample(route),
            ),
          }),
    responses,
    "x-codeSamples": [{ lang: "Shell", label: "curl", source: curl(route) }],
  };
}

/** A form sends fields that nobody has filled in, and they mean what a field means that is left out. */
function queryParameter(name: string, schema: TSchema, required: boolean): Json {
  return {
    name,
    in: "query",
    required,
    schema,
    ...(required ? {} : { allowEmptyValue: true, description: "Empty: as if left out." }),
  };
}

function ifMatch({ path }: Route): Json {
  return {
    name: "If-Match",
    in: "header",
    required: false,
    schema: { type: "string" },
    description: `ETag of \`GET ${path}\`: the change is made of that state, or refused with \`precondition_failed\`.`,
  };
}

/** `If-Match` may stand for it. */
function withoutVersion(body: TSchema): TSchema {
  const { required, ...rest } = body as TSchema & { readonly required?: readonly string[] };
  return { ...rest, required: (required ?? []).filter((name) => name !== "version") } as TSchema;
}

/** Of answers that are no refusal. */
function headersOf(route: Route, resource: Route | undefined, status: number): Json {
  if (!route.path.startsWith("/v1/")) return {};
  const names = [
    "X-Request-Id",
    "RateLimit",
    "RateLimit-Policy",
    ...(route.method === "GET" && route.reply !== null && (status === 200 || status === 304) ? ["ETag"] : []),
    ...(resource !== undefined && resource.reply === route.reply && status === 200 ? ["ETag"] : []),
    ...(route.idempotency === "none" || route.idempotency === "each" ? [] : ["Idempotency-Replayed"]),
    ...(route.deprecated === null ? [] : ["Deprecation", "Link"]),
    ...(route.deprecated?.sunset == null ? [] : ["Sunset"]),
  ];
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
  return { headers };
}

/** Those that an operation has: no operation need have an end that is known. */
function headersIn(paths: object): Json {
  const text = JSON.stringify(paths);
  return Object.fromEntries(
    Object.entries(HEADERS).filter(([name]) => text.includes(`"#/components/headers/${name}"`)),
  );
}

const HEADERS: Json = {
  "X-Request-Id": {
    description: "Names the request in the log; a caller's own is kept.",
    schema: { type: "string" },
  },
  RateLimit: {
    description: "`r` requests are left; after `t` seconds all are there again.",
    schema: { type: "string" },
    example: '"requests";r=9998;t=1',
  },
  "RateLimit-Policy": {
    description: "`q` requests in `w` seconds.",
    schema: { type: "string" },
    example: '"requests";q=10000;w=2',
  },
  ETag: { description: "Of this state, for `If-None-Match` and `If-Match`.", schema: { type: "string" } },
  "Idempotency-Replayed": {
    description:
      "`true`: the key was used before, and this is what came of the first request. Absent: it is the first.",
    schema: { const: "true" },
  },
  Deprecation: { description: "Since when, RFC 9745.", schema: { type: "string" }, example: "@1764460800" },
  Sunset: {
    description: "From when the operation may be gone, RFC 8594.",
    schema: { type: "string" },
    example: "Tue, 30 Nov 2027 00:00:00 GMT",
  },
  Link: {
    description: "`rel=deprecation`: where it is told; `rel=successor-version`: what is there instead.",
    schema: { type: "string" },
  },
};

function idempotencyKey(required: boolean): Json {
  const schema = { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" };
  return {
    name: "Idempotency-Key",
    in: "header",
    required,
    schema,
    description: required
      ? "The same again: the first answer, and nothing is done twice."
      : "Empty: as if left out.",
  };
}

/** A file as it is. */
const STREAMED_BODY: Json = {
  required: true,
  content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
};

/** One that the reference has of its own, or what has to be there at least. */
function bodyExample({ method, path, body }: Route): unknown {
  return EXAMPLES[`${method} ${path}`] ?? exampleOf((body ?? {}) as Expected);
}

/** An empty body is read as `{}`. */
function requestBody(schema: TSchema, schemas: Map<string, Json>, example?: unknown): Json {
  const required = "required" in schema && Array.isArray(schema["required"]) && schema["required"].length > 0;
  return {
    required,
    content: {
      "application/json": {
        schema: withNames(schema, schemas),
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

/** A call as a person makes it in a terminal, to be copied. */
function curl(route: Route): string {
  const { method, path, access, body, streamed, idempotency } = route;
  const parts = [
    `curl ${method === "GET" ? "" : `-X ${method} `}"$HOLDFAST_URL${path}"`,
    ...(access.kind === "public" ? [] : [`-H "Authorization: Bearer $HOLDFAST_KEY"`]),
    ...(idempotency === "required" || idempotency === "each" ? [`-H "Idempotency-Key: $(uuidgen)"`] : []),
    ...(streamed ? ["--data-binary @table.csv"] : []),
    ...(body === null
      ? []
      : [
          `-H "Content-Type: application/json"`,
          `-d '${JSON.stringify(bodyExample(route)).replaceAll("'", "'\\''")}'`,
        ]),
  ];
  return parts.join(" \\\n  ");
}

function done(
  status: number,
  types: readonly string[],
  reply: unknown,
  refusal: Json | undefined,
  headers: Json = {},
  shown?: { readonly status: number; readonly example: unknown },
): Json {
  const content =
    status === 304
      ? {}
      : Object.fromEntries(
          types.map((type) => [
            type,
            {
              schema: type === "application/json" ? reply : { type: "string" },
              ...(type === "application/json" && shown?.status === status ? { example: shown.example } : {}),
            },
          ]),
        );
  if (refusal === undefined)
    return { description: DONE[status] ?? "Done", ...headers, ...(status === 304 ? {} : { content }) };
  // Such as the readiness that is 503 while something is missing.
  return {
    description: "It is not so, or a refusal",
    ...headers,
    content: { ...content, ...problemOf([], status) },
  };
}

/** The HTTP server's own, before anything of ours sees the request. */
function headersTooLarge(shared: Map<string, Json>): Json {
  const name = "431.server";
  shared.set(name, { description: "Headers of more than 4 KiB; told by the HTTP server, without a problem" });
  return { $ref: `#/components/responses/${name}` };
}

/** What several operations answer stands in the document once. */
function refused(status: number, codes: readonly StatusCode[], shared: Map<string, Json>): Json {
  const name = `${status}.${codes.join(".")}`;
  shared.set(name, {
    description: codes.map((code) => `\`${code}\`: ${STATUS_CODES_BY_CODE[code].title}`).join("\n\n"),
    content: problemOf(codes, status),
  });
  return { $ref: `#/components/responses/${name}` };
}

function problemOf(codes: readonly StatusCode[], status: number): Json {
  const properties = {
    status: { const: status },
    ...(codes.length === 0 ? {} : { code: { enum: codes } }),
  };
  return {
    "application/problem+json": {
      schema: { allOf: [{ $ref: "#/components/schemas/Problem" }, { properties }] },
    },
  };
}

function describe({ access, proof }: Route): { readonly description?: string } {
  const sentences: string[] = [];
  if (access.kind === "permission" || access.kind === "local-or")
    sentences.push(`Permission: \`${access.permission}\``);
  if (access.kind === "one-of")
    sentences.push(`Permission, by what is asked for: \`${access.permissions.join("`, `")}\``);
  if (proof !== null)
    sentences.push(
      `Of a session: its owner has proved within ${PROOF_AGES[proof.kind] / 60_000} minutes who they are` +
        `${proof.condition === undefined ? "" : `, ${proof.condition}`}; else \`reauthentication_needed\``,
    );
  return sentences.length === 0 ? {} : { description: sentences.join(". ") };
}

/** What is served and has no route. */
function besideTheTable(
  shared: Map<string, Json>,
  schemas: Map<string, Json>,
): readonly (readonly [string, string, Json])[] {
  const responses = (own: Json, codes: readonly StatusCode[]) => ({
    ...own,
    431: headersTooLarge(shared),
    ...Object.fromEntries(
      [...byStatus(codes)].map(([status, each]) => [status, refused(status, each, shared)]),
    ),
  });
  const everywhere: readonly StatusCode[] = [
    "body_timeout",
    "gateway_busy",
    "host_unknown",
    "internal_error",
    "malformed_request",
    "payload_too_large",
  ];
  return [
    [
      "get",
      "/openapi.json",
      {
        summary: "This document",
        security: [],
        parameters: [],
        responses: responses(
          {
            200: { description: "Done", content: { "application/json": { schema: Type.Object({}) } } },
            304: { description: DONE[304] },
          },
          [...everywhere, "setup_needed"],
        ),
      },
    ],
    [
      "get",
      "/asyncapi.json",
      {
        summary: "AsyncAPI of the stream, of webhooks and of the conveyors' topics",
        security: [],
        parameters: [],
        responses: responses(
          {
            200: { description: "Done", content: { "application/json": { schema: Type.Object({}) } } },
            304: { description: DONE[304] },
          },
          [...everywhere, "setup_needed"],
        ),
      },
    ],
    [
      "get",
      "/v1/stream",
      {
        summary: "The stream's handshake; its messages are in docs/protocol.md",
        security: [{ apiKey: [] }, { session: [] }],
        parameters: [],
        responses: responses({ 101: { description: "The connection speaks WebSocket from here on" } }, [
          ...everywhere,
          "origin_forbidden",
          "rate_limited",
          "setup_needed",
          "stopping",
          "too_many_connections",
          "unauthenticated",
          "unsupported_subprotocol",
          "upgrade_required",
        ]),
      },
    ],
    [
      "post",
      "/v1/setup",
      {
        summary:
          "Makes company, first administrator and first location of an empty system; there is no such address later",
        security: [],
        parameters: [],
        requestBody: requestBody(SetupBody, schemas),
        responses: responses(
          {
            201: {
              description: DONE[201],
              content: { "application/json": { schema: withNames(SetUp, schemas) } },
            },
          },
          [
            ...everywhere,
            "already_set_up",
            "invalid_request",
            "not_found",
            "origin_forbidden",
            "password_refused",
            "place_incomplete",
            "rate_limited",
            "setup_token_wrong",
            "storage_unavailable",
            "structure_too_complex",
            "unknown_country",
            "unknown_currency",
            "unknown_time_zone",
            "unsupported_media_type",
          ],
        ),
      },
    ],
  ];
}

/** `GET /v1/orders/{id}/timeline` → `getOrdersIdTimeline`. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/v1/, "")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  return [method, ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join("");
}
