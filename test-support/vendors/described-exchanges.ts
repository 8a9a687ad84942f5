/**
 * Holds what was said over the wire against the vendor's own description: Swagger 2 and OpenAPI 3. A call must
 * be an operation of it, with parameters that it knows, those that it requires, and a body by its schema; the
 * answer must be by the schema of its status.
 */
import type { Exchange } from "./connection-contract.ts";
import { openDescription, type VendorDescription } from "./vendor-descriptions.ts";

type Json = Readonly<Record<string, unknown>>;
type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean };

type Operation = {
  readonly path: RegExp;
  readonly method: string;
  /** From the document's root. */
  readonly at: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly description: Json;
  readonly check: VendorDescription["problems"];
};

export type ExchangeCheck = {
  /** What is wrong, one sentence each. */
  problemsOf(exchange: Exchange): readonly string[];
};

/**
 * @param files of one vendor, e.g. `amazon/ordersV0.swagger.json`
 * @param isOther calls that no description is about: logins, uploads
 * @param lenient problems that the vendor's own examples have, too
 */
export function exchangeCheck(
  files: readonly string[],
  options: {
    readonly isOther?: (exchange: Exchange) => boolean;
    readonly lenient?: RegExp;
    /** Before the description's paths, on the simulator's server. */
    readonly prefix?: string;
  } = {},
): ExchangeCheck {
  const operations = files.flatMap((file) => operationsOf(file, options.prefix ?? ""));
  return {
    problemsOf(exchange) {
      if (options.isOther?.(exchange) === true) return [];
      const { method, path } = exchange.request;
      const found = operations.find((one) => one.method === method && one.path.test(path));
      if (found === undefined) return [`${method} ${path} is in no description`];
      return [...requestProblems(found, exchange), ...replyProblems(found, exchange)]
        .filter((problem) => options.lenient?.test(problem) !== true)
        .map((problem) => `${method} ${path}: ${problem}`);
    },
  };
}

function operationsOf(file: string, prefix: string): readonly Operation[] {
  const { document, problems: check } = openDescription(file);
  return Object.entries(document["paths"] as Json).flatMap(([template, item]) =>
    Object.entries(item as Json)
      .filter(([method]) => ["get", "post", "put", "patch", "delete"].includes(method))
      .map(([method, description]) => ({
        path: new RegExp(`^${escaped(prefix)}${escaped(template).replace(/\\\{[^}]+\\\}/g, "[^/]+")}/?$`),
        method: method.toUpperCase(),
        at: ["paths", template, method],
        parameters: [
          ...parametersOf(document, (item as Json)["parameters"]),
          ...parametersOf(document, (description as Json)["parameters"]),
        ],
        description: description as Json,
        check,
      })),
  );
}

function parametersOf(document: Json, list: unknown): readonly Parameter[] {
  return ((list ?? []) as readonly Json[]).map((one) => {
    const reference = one["$ref"];
    if (typeof reference !== "string") return one as unknown as Parameter;
    let target: unknown = document;
    for (const part of reference.slice(2).split("/")) target = (target as Json)[part];
    return target as Parameter;
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function requestProblems(operation: Operation, { request }: Exchange): readonly string[] {
  const { parameters, at, description, check } = operation;
  const inQuery = parameters.filter((one) => one.in === "query");
  const known = new Set(inQuery.map(({ name }) => name));
  const given = [...request.query.keys()];
  const problems = [
    ...given.filter((name) => !known.has(name)).map((name) => `the query has an unknown ${name}`),
    ...inQuery
      .filter(({ name, required }) => required === true && !given.includes(name))
      .map(({ name }) => `the query lacks ${name}`),
  ];
  const index = ((description["parameters"] ?? []) as readonly Parameter[]).findIndex(
    (one) => one.in === "body",
  );
  const content = (description["requestBody"] as Json | undefined)?.["content"] as Json | undefined;
  const type = content === undefined ? undefined : mediaTypeIn(content, request.headers["content-type"]);
  const schemaAt =
    index >= 0
      ? [...at, "parameters", String(index), "schema"]
      : type === undefined
        ? null
        : [...at, "requestBody", "content", type, "schema"];
  if (request.body.length === 0) {
    const isNeeded = index >= 0 && parameters.some((one) => one.in === "body" && one.required === true);
    return isNeeded ? [...problems, "the body is missing"] : problems;
  }
  if (content !== undefined && type === undefined)
    return [...problems, `a body of ${request.headers["content-type"]} is not taken`];
  if (schemaAt === null) return [...problems, "no body is taken"];
  const body = bodyIn(request.body, request.headers["content-type"] ?? "");
  const wrong = body === undefined ? ["it is not JSON"] : check(pointer(...schemaAt), body);
  return [...problems, ...wrong.map((one) => `the body: ${one}`)];
}

function bodyIn(body: Buffer, contentType: string): unknown {
  if (contentType.startsWith("application/x-www-form-urlencoded"))
    return Object.fromEntries(new URLSearchParams(body.toString("utf8")));
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function mediaTypeIn(content: Json, given: string | undefined): string | undefined {
  const plain = (given ?? "").split(";")[0]?.trim();
  return Object.keys(content).find((type) => type.split(";")[0] === plain || type === "*/*");
}

function replyProblems(operation: Operation, { reply }: Exchange): readonly string[] {
  const { at, description, check } = operation;
  const responses = description["responses"] as Json;
  const status = [String(reply.status), `${String(reply.status)[0]}XX`, "default"].find(
    (one) => one in responses,
  );
  if (status === undefined) return [`no answer has the status ${reply.status}`];
  const response = responses[status] as Json;
  const content = response["content"] as Json | undefined;
  const type = Object.keys(content ?? {}).find((one) => /json|\*/.test(one));
  const ofType = type === undefined ? undefined : (content?.[type] as Json | undefined);
  const schemaAt =
    "schema" in response
      ? [...at, "responses", status, "schema"]
      : type === undefined || ofType?.["schema"] === undefined
        ? null
        : [...at, "responses", status, "content", type, "schema"];
  if (schemaAt === null || reply.body.length === 0) return [];
  const body = bodyIn(Buffer.from(reply.body as string), "application/json");
  const wrong = body === undefined ? ["it is not JSON"] : check(pointer(...schemaAt), body);
  return wrong.map((one) => `the answer ${reply.status}: ${one}`);
}

/** A path within a document, as a JSON pointer of a URI. */
function pointer(...path: readonly string[]): string {
  const inPointer = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
  return `#${path.map((part) => `/${inPointer(part)}`).join("")}`;
}
