/** OpenAPI 3.1 of the route table. Its schemas are the ones that requests are checked against. */
import Type, { type TSchema } from "typebox";
import { Problem } from "../../contract/shapes.ts";
import { PROOF_AGES } from "../access/proof.ts";
import { STATUS_CODES_BY_CODE } from "../wire/status-codes.ts";
import type { Route } from "./route.ts";

const CodedProblem = Type.Object({
  ...Problem.properties,
  code: Type.String({ examples: Object.keys(STATUS_CODES_BY_CODE) }),
});

export function openApiDocument(table: readonly Route[], publicUrl: string): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of table) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return JSON.stringify({
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version: "1",
      description:
        "Errors are RFC 9457 problems with a stable `code`. Lists are pages with an opaque cursor. Amounts are integer minor units.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: publicUrl }],
    components: {
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "hf_<id>_<secret>" },
        session: { type: "apiKey", in: "cookie", name: "holdfast_session" },
      },
      schemas: { Problem: CodedProblem },
    },
    paths,
  });
}

function operation(route: Route): Record<string, unknown> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const { access } = route;
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...describe(route),
    ...(route.proof === null ? {} : { "x-proof-within-seconds": PROOF_AGES[route.proof.kind] / 1_000 }),
    security: access.kind === "public" ? [] : [{ apiKey: [] }, { session: [] }],
    parameters: [
      ...names.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
      ...Object.entries(route.query?.properties ?? {}).map(([name, schema]) => ({
        name,
        in: "query",
        required: false,
        schema,
      })),
      ...(route.idempotency === "none"
        ? []
        : [
            {
              name: "Idempotency-Key",
              in: "header",
              required: route.idempotency === "required",
              schema: { type: "string", minLength: 1, maxLength: 255 },
            },
          ]),
    ],
    ...(route.body === null ? {} : { requestBody: { required: true, content: jsonContent(route.body) } }),
    responses: {
      "2XX": {
        description: "Done",
        ...(route.reply === null ? {} : { content: jsonContent(route.reply) }),
      },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
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

function jsonContent(schema: TSchema): Record<string, unknown> {
  return { "application/json": { schema } };
}

/** `GET /v1/orders/{id}/timeline` → `getOrdersIdTimeline`. */
function operationId(route: Route): string {
  const words = route.path
    .replace(/^\/v1/, "")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  return [
    route.method.toLowerCase(),
    ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join("");
}
