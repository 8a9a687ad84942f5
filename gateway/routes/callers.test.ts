/**
 * Every call that a page of the dashboard or a command makes is an operation of the API that is described.
 * The calls are taken from the sources: an address is followed through constants, functions that make one,
 * and what is put into it; what is not known before it runs stands for any one segment.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { openApiDocument } from "../http/openapi.ts";
import { ROUTE_ANSWERS } from "./route-answers.ts";
import { routeTable } from "./route-table.ts";
import { WHEREABOUTS } from "./whereabouts.ts";

/** One segment, or what is left of one. */
const ANY = "⟨any⟩";
/** Whatever stands there, however many segments. */
const WHATEVER = "⟨whatever⟩";

const document = JSON.parse(
  openApiDocument(routeTable, {
    answers: ROUTE_ANSWERS,
    whereabouts: WHEREABOUTS,
    publicUrl: "http://localhost:7400",
    sessionCookie: "holdfast_session",
  }),
) as { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
);

const PAGES: Readonly<Record<string, string>> = {
  get: "GET",
  post: "POST",
  postBytes: "POST",
  postForFile: "POST",
  patch: "PATCH",
  put: "PUT",
  remove: "DELETE",
};
const COMMANDS: Readonly<Record<string, string>> = {
  get: "GET",
  all: "GET",
  text: "GET",
  bytes: "GET",
  stream: "GET",
  post: "POST",
  postText: "POST",
  send: "POST",
  patch: "PATCH",
  put: "PUT",
  delete: "DELETE",
};

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(projectRoot, folder, name));
}

type Call = { readonly at: string; readonly method: string; readonly addresses: readonly string[] };

// biome-ignore lint/suspicious/noExplicitAny: nodes of the parser, which has a type for each of hundreds
type Node = any;

/** What a file declares, by name, and from where it has what it imports. */
type Source = {
  readonly program: Node;
  readonly text: string;
  readonly declared: ReadonlyMap<string, Node>;
  readonly imported: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
};

const parsed = new Map<string, Source>();

function sourceOf(file: string): Source {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, "utf8");
  const program: Node = parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" }, file);
  const declared = new Map<string, Node>();
  const imported = new Map<string, { file: string; name: string }>();
  // Names that somewhere in the file stand for what a caller gives.
  const given = new Set<string>();
  eachNode(program, (node) => {
    if (node.type === "ObjectPattern")
      for (const { value } of node.properties) if (value?.type === "Identifier") given.add(value.name);
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier" && node.init !== null)
      declared.set(node.id.name, node.init);
    if (node.type === "FunctionDeclaration" && node.id !== null) declared.set(node.id.name, node);
    if (node.type === "ImportDeclaration" && String(node.source.value).startsWith("."))
      for (const { local, imported: name } of node.specifiers)
        imported.set(local.name, {
          file: join(dirname(file), node.source.value),
          name: name?.name ?? "default",
        });
  });
  for (const name of given) declared.delete(name);
  const source = { program, text, declared, imported };
  parsed.set(file, source);
  return source;
}

function eachNode(
  node: Node,
  see: (node: Node, parent: Node | null) => void,
  parent: Node | null = null,
): void {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const each of node) eachNode(each, see, parent);
    return;
  }
  if (typeof node.type !== "string") return;
  see(node, parent);
  for (const [name, value] of Object.entries(node)) if (name !== "parent") eachNode(value, see, node);
}

/** Every text that the expression may be. */
function textsOf(node: Node, file: string, depth = 0): readonly string[] {
  if (depth > 12) return [WHATEVER];
  const inner = (next: Node, where = file): readonly string[] => textsOf(next, where, depth + 1);
  switch (node?.type) {
    case "Literal":
      return [String(node.value)];
    case "ParenthesizedExpression":
    case "TSAsExpression":
    case "TSNonNullExpression":
      return inner(node.expression);
    case "ConditionalExpression":
      return [...inner(node.consequent), ...inner(node.alternate)];
    case "BinaryExpression":
      return node.operator === "+" ? joined([inner(node.left), inner(node.right)]) : [WHATEVER];
    case "TemplateLiteral":
      return joined(
        node.quasis.flatMap((quasi: Node, index: number) => [
          [quasi.value.cooked],
          ...(index < node.expressions.length ? [inner(node.expressions[index])] : []),
        ]),
      );
    case "CallExpression": {
      const name = node.callee.name;
      if (name === "pathOf")
        return joined(node.arguments.map((part: Node) => inner(part).map((text) => `/${segment(text)}`)));
      if (name === "encodeURIComponent") return inner(node.arguments[0]).map(segment);
      const found = declarationOf(name, file);
      const body = found === null ? null : bodyOf(found.node);
      return found === null || body === null ? [WHATEVER] : inner(body, found.file);
    }
    case "Identifier": {
      const found = declarationOf(node.name, file);
      return found === null || bodyOf(found.node) !== null ? [WHATEVER] : inner(found.node, found.file);
    }
    default:
      return [WHATEVER];
  }
}

function joined(parts: readonly (readonly string[])[]): readonly string[] {
  return parts.reduce<readonly string[]>(
    (all, some) => all.flatMap((one) => some.map((part) => one + part)),
    [""],
  );
}

function declarationOf(
  name: string | undefined,
  file: string,
): { readonly node: Node; readonly file: string } | null {
  if (name === undefined) return null;
  const { declared, imported } = sourceOf(file);
  const own = declared.get(name);
  if (own !== undefined) return { node: own, file };
  const from = imported.get(name);
  return from === undefined || !existsSync(from.file) ? null : declarationOf(from.name, from.file);
}

/** What a function answers, where that is one expression; null: it is none. */
function bodyOf(node: Node): Node | null {
  if (node.type === "ArrowFunctionExpression" && node.body.type !== "BlockStatement") return node.body;
  if (!/Function/.test(node.type)) return null;
  const [only, ...others] = node.body.body;
  return only?.type === "ReturnStatement" && others.length === 0 ? only.argument : null;
}

/** @param prefix of every address; empty: a client's method is called, with the whole address */
function callsIn(files: readonly string[], methods: Readonly<Record<string, string>>, prefix: string) {
  const calls: Call[] = [];
  for (const file of files) {
    if (/\/(api\/client|client\/rest)\.ts$/.test(file)) continue;
    const { program, text, imported } = sourceOf(file);
    eachNode(program, (node, parent) => {
      const found = (method: string, address: Node): void => {
        const addresses = textsOf(address, file).map((each) =>
          each.startsWith("/v1") ? each : `${prefix}${each}`,
        );
        const line = text.slice(0, node.start).split("\n").length;
        calls.push({
          at: `${file.slice(projectRoot.length + 1)}:${line}`,
          method,
          addresses: [...new Set(addresses)],
        });
      };
      // What a browser loads by a link of a page.
      if (node.type === "TemplateLiteral" && parent?.type === "JSXExpressionContainer")
        if (node.quasis[0].value.cooked.startsWith("/v1")) found("GET", node);
      if (node.type !== "CallExpression" || node.arguments.length === 0) return;
      const { callee } = node;
      const name = prefix === "" ? callee.property?.name : callee.name;
      const method = Object.hasOwn(methods, name ?? "") ? methods[name] : undefined;
      if (method === undefined) return;
      const isOurs =
        prefix === ""
          ? textsOf(node.arguments[0], file).some((each) => each.startsWith("/v1"))
          : imported.get(name)?.file.endsWith("/api/client.ts") === true;
      if (isOurs) found(method, node.arguments[0]);
    });
  }
  return calls;
}

/** What is put into one segment is one, whatever it is. */
function segment(text: string): string {
  return text.replaceAll(WHATEVER, ANY);
}

function isDescribed(method: string, address: string): boolean {
  const path = address.split("?")[0] ?? "";
  const pattern = path
    .split(/(⟨any⟩|⟨whatever⟩)/)
    .map((part) =>
      part === ANY ? "[^/]*" : part === WHATEVER ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    )
    .join("");
  const wanted = new RegExp(`^${pattern}/?$`);
  return operations.some((each) => each.method === method && covers(each.path, path, wanted));
}

/** A literal segment of a call stands for a parameter of the operation, and the other way round. */
function covers(described: string, path: string, wanted: RegExp): boolean {
  if (wanted.test(described)) return true;
  const parts = described.split("/");
  const given = path.split("/");
  if (path.includes(WHATEVER)) return false;
  return (
    parts.length === given.length &&
    parts.every(
      (part, index) => part.startsWith("{") || part === given[index] || given[index]?.includes(ANY) === true,
    )
  );
}

function shown(address: string): string {
  return address.replaceAll(ANY, "*").replaceAll(WHATEVER, "**");
}

describe.each([
  ["pages", sourcesIn("dashboard/src"), PAGES, "/v1", 200],
  ["commands", sourcesIn("cli").filter((name) => !name.includes("/embedded/")), COMMANDS, "", 100],
] as const)("what %s call", (_name, files, methods, prefix, least) => {
  const calls = callsIn(files, methods, prefix);

  test("is found in their sources", () => expect(calls.length).toBeGreaterThan(least));

  test("is described, each by its method and address", () => {
    const unknown = calls.flatMap(({ at, method, addresses }) =>
      addresses
        .filter((address) => !isDescribed(method, address))
        .map((address) => `${at} ${method} ${shown(address)}`),
    );
    expect(unknown).toEqual([]);
  });

  test("has an address that can be read from the source, but where a part is given to many", () => {
    const blind = calls.filter(({ addresses }) =>
      addresses.every((address) => address.replace(prefix, "").replaceAll(WHATEVER, "") === ""),
    );
    expect(blind.length / calls.length, blind.map(({ at }) => at).join(", ")).toBeLessThan(0.12);
  });
});

test("an address that nothing serves, and a method that it does not have, are told", () => {
  expect(isDescribed("GET", "/v1/orders")).toBe(true);
  expect(isDescribed("GET", `/v1/orders/${ANY}/timeline`)).toBe(true);
  expect(isDescribed("DELETE", `/v1/orders/${ANY}`)).toBe(false);
  expect(isDescribed("GET", "/v1/order")).toBe(false);
  expect(isDescribed("POST", `/v1/orders/${ANY}/cancell`)).toBe(false);
});
