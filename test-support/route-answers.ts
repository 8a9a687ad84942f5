/**
 * What each REST route can answer, read from the source: gateway/routes/route-answers.ts is made of it.
 * `npx vitest run --project unit gateway/routes/route-answers -u` writes it anew.
 *
 * From a route's handler on, every function, constant and class of the production code that it names is
 * followed, and those that they name, and so on. The codes that are written in them are what it can be
 * refused with: not in a type, a comparison or a case, where a code is only looked at. What is called by way
 * of an interface cannot be followed; `DOORS` says what comes from behind one.
 *
 * Errs on the side of too much: a code that a function can make for one of its callers is told of all of
 * them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "vite";
import { projectRoot } from "../config/project-root.ts";
import { STATUS_CODES_BY_CODE, type StatusCode } from "../gateway/wire/status-codes.ts";

/** Statuses and media types of what is no refusal, and the codes of those that are. */
type Answers = {
  readonly statuses: readonly number[];
  readonly types: readonly string[];
  readonly codes: readonly StatusCode[];
};

const FOLDERS = [
  "actors",
  "config",
  "engine",
  "gateway",
  "integrations",
  "operations",
  "orders",
  "ports",
  "store",
];
/** Every request can meet these; `gateway/http/openapi.ts` has them for all routes at one place. */
const EVERYWHERE: readonly StatusCode[] = ["internal_error", "storage_unavailable"];
const ENGINE_FAULTS: readonly StatusCode[] = [
  "commit_outcome_unknown",
  "engine_overloaded",
  "engine_stopped",
  "engine_unreachable",
  "fenced",
  "shard_elsewhere",
  "shard_unavailable",
];
/** Properties that are interfaces, with what their implementations refuse with. */
const DOORS: ReadonlyMap<string, readonly StatusCode[]> = new Map([
  ["allocator", ENGINE_FAULTS],
  ["documents", ["documents_busy"]],
  [
    "channelAdapters",
    ["invalid_order", "malformed_payload", "not_an_order", "substitutes_not_goods", "too_many_orders"],
  ],
]);
/** Media types that a handler takes from elsewhere. */
const TYPES_FROM_ELSEWHERE: Readonly<Record<string, string>> = {
  "services.metrics.contentType": "text/plain",
};

type Node = { readonly type: string; readonly [key: string]: unknown };

/** A declaration at the top of a file, or a route's handler. */
type Unit = {
  readonly codes: Set<StatusCode>;
  readonly statuses: Set<number>;
  readonly types: Set<string>;
  /** Names that it uses. */
  readonly names: Set<string>;
  /** Of a file of routes: its objects may be answers. */
  readonly mayAnswer: boolean;
};

type Module = {
  readonly file: string;
  readonly units: ReadonlyMap<string, Unit>;
  /** From a local name to the file and the name there. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
  readonly routes: readonly { readonly name: string; readonly unit: Unit }[];
};

/** By `METHOD path`. */
export function readRouteAnswers(): ReadonlyMap<string, Answers> {
  const modules = new Map(sources().map((file) => [file, readModule(file)] as const));
  return new Map(
    [...modules.values()]
      .flatMap((module) =>
        module.routes.map(({ name, unit }) => [name, follow(modules, module, unit)] as const),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The text of gateway/routes/route-answers.ts. */
export function routeAnswersFile(): string {
  const rows = [...readRouteAnswers()].map(([name, { statuses, types, codes }]) => {
    const list = (values: readonly (string | number)[]) =>
      values.map((each) => JSON.stringify(each)).join(", ");
    return [
      `  ${JSON.stringify(name)}: {`,
      `    statuses: [${list(statuses)}],`,
      `    types: [${list(types)}],`,
      "    codes: [",
      ...codes.map((code) => `      ${JSON.stringify(code)},`),
      "    ],",
      "  },",
    ].join("\n");
  });
  return `// biome-ignore-all format: written by test-support/route-answers.ts
/**
 * What each route can answer by its handler and the operations behind it: statuses and media types of what is
 * no refusal, and the codes of refusals. What follows from the kind of a route (who may call it, whether it
 * has a body) is added by gateway/http/openapi.ts.
 *
 * Read from the source; \`npx vitest run --project unit gateway/routes/route-answers -u\` writes it anew.
 */
import type { RouteAnswers } from "../http/route-answers.ts";

export const ROUTE_ANSWERS: RouteAnswers = {
${rows.join("\n")}
};
`;
}

function sources(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.includes("simulator"))
      .map((name) => posix.join(folder, name)),
  ).filter((file) => file !== "gateway/routes/route-answers.ts" && file !== "gateway/wire/status-codes.ts");
}

function readModule(file: string): Module {
  const { program, errors } = parseSync(file, readFileSync(join(projectRoot, file), "utf8"));
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const units = new Map<string, Unit>();
  const imports = new Map<string, { readonly file: string; readonly name: string }>();
  const routes: { readonly name: string; readonly unit: Unit }[] = [];
  for (const statement of (program as unknown as { readonly body: readonly Node[] }).body) {
    const { type } = statement;
    if (type === "ImportDeclaration" || (type === "ExportNamedDeclaration" && statement["source"] !== null)) {
      const from = String((statement["source"] as Node)["value"]);
      if (!from.startsWith(".")) continue;
      for (const specifier of statement["specifiers"] as readonly Node[]) {
        const [local, name] =
          type === "ImportDeclaration"
            ? [nameOf(specifier["local"]), nameOf(specifier["imported"])]
            : [nameOf(specifier["exported"]), nameOf(specifier["local"])];
        imports.set(local, { file: posix.join(posix.dirname(file), from), name });
      }
      continue;
    }
    const declaration = ((type.startsWith("Export") && statement["declaration"]) || statement) as Node;
    const declared =
      declaration.type === "VariableDeclaration"
        ? (declaration["declarations"] as readonly Node[]).map(
            (each) => [nameOf(each["id"]), each["init"] as Node | null] as const,
          )
        : [[nameOf(declaration["id"]), declaration] as const];
    for (const [name, node] of declared) {
      if (node === null || isType(node)) continue;
      const unit = newUnit(file.startsWith("gateway/routes/"));
      read(node, unit);
      units.set(name, unit);
      if (file.startsWith("gateway/routes/")) routes.push(...routesIn(node));
    }
  }
  return { file, units, imports, routes };
}

/** `route({ … })`, and `action("name", …)` of fulfillment orders, which makes one. */
function routesIn(node: Node): readonly { readonly name: string; readonly unit: Unit }[] {
  const found: { readonly name: string; readonly unit: Unit }[] = [];
  walk(node, (each) => {
    if (each.type !== "CallExpression") return;
    const callee = nameOf(each["callee"]);
    const args = each["arguments"] as readonly Node[];
    const [first] = args;
    if (callee === "action" && typeof first?.["value"] === "string") {
      const unit = newUnit(true);
      for (const arg of args) read(arg, unit);
      unit.names.add("action");
      found.push({ name: `POST /v1/fulfillment-orders/{id}/${first["value"]}`, unit });
      return;
    }
    if (callee !== "route" || first?.type !== "ObjectExpression") return;
    const field = (name: string) =>
      (first["properties"] as readonly Node[]).find((property) => nameOf(property["key"]) === name)?.[
        "value"
      ] as Node | undefined;
    const [method, path] = [field("method")?.["value"], field("path")?.["value"]];
    if (typeof method !== "string" || typeof path !== "string") return;
    const unit = newUnit(true);
    const handle = field("handle");
    if (handle !== undefined) read(handle, unit);
    found.push({ name: `${method} ${path}`, unit });
  });
  return found;
}

function newUnit(mayAnswer: boolean): Unit {
  return { codes: new Set(), statuses: new Set(), types: new Set(), names: new Set(), mayAnswer };
}

const isType = ({ type }: Node) =>
  type.startsWith("TS") && !/^TS(As|NonNull|Satisfies|Instantiation|TypeAssertion)/.test(type);

/** Enters what is in `node`: codes, answers, and names. */
function read(node: Node, unit: Unit): void {
  walk(node, (each, parent, key) => {
    if (each.type === "Identifier" && !isMember(parent, key)) unit.names.add(String(each["name"]));
    if (each.type === "MemberExpression" && each["computed"] !== true) {
      for (const code of DOORS.get(nameOf(each["property"])) ?? []) unit.codes.add(code);
    }
    if (each.type === "Property" && each["shorthand"] === true) {
      for (const code of DOORS.get(nameOf(each["key"])) ?? []) unit.codes.add(code);
    }
    const { value } = each;
    if (each.type === "Literal" && typeof value === "string" && isCode(value) && !isLookedAt(parent, key)) {
      unit.codes.add(value);
    }
    if (each.type === "ObjectExpression" && unit.mayAnswer) readAnswer(each, unit);
  });
}

/** An answer of a route: `{ status?, json }` or `{ contentType, bytes | stream }`. */
function readAnswer(object: Node, unit: Unit): void {
  const fields = new Map(
    (object["properties"] as readonly Node[]).map((property) => [
      nameOf(property["key"]),
      property["value"] as Node,
    ]),
  );
  if (fields.has("json")) {
    unit.types.add("application/json");
    const status = fields.get("status");
    if (status === undefined) unit.statuses.add(200);
    else
      walk(status, (each) => {
        if (each.type === "Literal" && typeof each["value"] === "number") unit.statuses.add(each["value"]);
      });
  } else if (fields.has("contentType") && (fields.has("bytes") || fields.has("stream"))) {
    const given = fields.get("contentType");
    const type = given?.["value"] ?? TYPES_FROM_ELSEWHERE[pathOf(given)];
    if (typeof type !== "string") throw new Error(`of which type is ${pathOf(given)}?`);
    unit.statuses.add(200);
    unit.types.add(type.split(";", 1)[0] ?? "");
  }
}

function follow(modules: ReadonlyMap<string, Module>, from: Module, root: Unit): Answers {
  const codes = new Set<StatusCode>();
  const statuses = new Set<number>();
  const types = new Set<string>();
  const seen = new Set<Unit>();
  const waiting: (readonly [Module, Unit])[] = [[from, root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [module, unit] = next;
    if (seen.has(unit)) continue;
    seen.add(unit);
    for (const code of unit.codes) codes.add(code);
    if (unit.mayAnswer) {
      for (const status of unit.statuses) statuses.add(status);
      for (const type of unit.types) types.add(type);
    }
    for (const name of unit.names) {
      const target = resolve(modules, module, name);
      if (target !== null) waiting.push(target);
    }
  }
  for (const code of EVERYWHERE) codes.delete(code);
  const sorted = <T>(values: Set<T>) => [...values].sort((a, b) => (a < b ? -1 : 1));
  return { codes: sorted(codes), statuses: sorted(statuses), types: sorted(types) };
}

function resolve(
  modules: ReadonlyMap<string, Module>,
  module: Module,
  name: string,
): readonly [Module, Unit] | null {
  const own = module.units.get(name);
  if (own !== undefined) return [module, own];
  const imported = module.imports.get(name);
  const there = imported === undefined ? undefined : modules.get(imported.file);
  return imported === undefined || there === undefined ? null : resolve(modules, there, imported.name);
}

function walk(
  node: Node,
  visit: (node: Node, parent: Node | null, key: string) => void,
  parent: Node | null = null,
  at = "",
): void {
  if (isType(node)) return;
  visit(node, parent, at);
  for (const [key, value] of Object.entries(node)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each === "object" && each !== null && typeof (each as Node).type === "string")
        walk(each as Node, visit, node, key);
    }
  }
}

function isCode(text: string): text is StatusCode {
  return Object.hasOwn(STATUS_CODES_BY_CODE, text);
}

/** In a comparison or a case a code is not made. */
function isLookedAt(parent: Node | null, key: string): boolean {
  return parent?.type === "BinaryExpression" || (parent?.type === "SwitchCase" && key === "test");
}

/** `b` of `a.b` and of `{ b: 1 }` is no name of a declaration. */
function isMember(parent: Node | null, key: string): boolean {
  if (parent?.type === "MemberExpression") return key === "property" && parent["computed"] !== true;
  return (
    parent?.type === "Property" &&
    key === "key" &&
    parent["computed"] !== true &&
    parent["shorthand"] !== true
  );
}

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { readonly name?: unknown; readonly value?: unknown };
  return typeof name === "string" ? name : typeof value === "string" ? value : "";
}

function pathOf(node: Node | undefined): string {
  if (node === undefined) return "";
  return node.type === "MemberExpression"
    ? `${pathOf(node["object"] as Node)}.${nameOf(node["property"])}`
    : nameOf(node);
}
