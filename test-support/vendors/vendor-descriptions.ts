/**
 * The vendors' own descriptions of their APIs, where they lie beside the project (`../shared/data/vendors`):
 * what is said over the wire is held against them. Tests that need one are skipped where it is absent.
 *
 * Swagger 2 and OpenAPI 3.0 say `nullable` where JSON Schema says a type; what only tools read is left out.
 * `oneOf` is read as `anyOf`: vendors list shapes there of which one is a case of another.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { projectRoot } from "../../config/project-root.ts";
import { isBesideTheProject, readBesideTheProject } from "../beside-the-project.ts";

const FOLDER = "data/vendors";

export function hasVendor(vendor: string): boolean {
  return isBesideTheProject(`${FOLDER}/${vendor}`);
}

/** Appended to the titles of tests that need the description. */
export function vendorNote(vendor: string): string {
  return hasVendor(vendor) ? "" : ` (skipped: nothing in ../shared/${FOLDER}/${vendor})`;
}

export type VendorExample = {
  readonly file: string;
  readonly operation: string;
  readonly direction: string;
  readonly text: string;
};

/** The vendor's own examples; none where they are not beside the project. */
export function vendorExamples(vendor: string): readonly VendorExample[] {
  const folder = `${FOLDER}/${vendor}/examples`;
  if (!isBesideTheProject(`${folder}/index.json`)) return [];
  const index = JSON.parse(readBesideTheProject(`${folder}/index.json`)) as readonly Omit<
    VendorExample,
    "text"
  >[];
  const present = new Set(readdirSync(join(projectRoot, "..", "shared", folder)));
  return index
    .filter(({ file }) => present.has(file))
    .map((entry) => ({ ...entry, text: readBesideTheProject(`${folder}/${entry.file}`) }));
}

export type SignatureVector = {
  readonly vendor: string;
  readonly secret: string;
  readonly body: string;
  readonly signature: string;
  readonly valid: boolean;
  readonly url?: string;
  readonly id?: string;
  readonly timestamp?: number;
};

export function signatureVectors(vendor: string): readonly SignatureVector[] {
  const file = `${FOLDER}/webhook-signatures/vectors.json`;
  if (!isBesideTheProject(file)) return [];
  const all = JSON.parse(readBesideTheProject(file)) as readonly SignatureVector[];
  return all.filter((vector) => vector.vendor === vendor);
}

type Schema = Record<string, unknown>;

export type VendorDescription = {
  readonly document: Schema;
  /** What is wrong with `value` by the schema at a pointer, `#/definitions/order`; empty: nothing. */
  problems(pointer: string, value: unknown): readonly string[];
};

/** @param file e.g. `woocommerce/wc-v3.schema.json` */
export function openDescription(file: string): VendorDescription {
  const document = asJsonSchema(JSON.parse(readBesideTheProject(`${FOLDER}/${file}`))) as Schema;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  ajv.addSchema({ $id: "vendor", ...document });
  return {
    document,
    problems(pointer, value) {
      const validate = ajv.getSchema(`vendor${pointer}`) ?? ajv.compile({ $ref: `vendor${pointer}` });
      if (validate(value) === true) return [];
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message ?? ""} ${JSON.stringify(params)}`,
      );
    },
  };
}

/** A schema without what JSON Schema does not know, `nullable` as a type. */
function asJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (typeof node !== "object" || node === null) return node;
  const members = Object.entries(node as Schema)
    .filter(([name, value]) => !(LEFT_OUT.has(name) && typeof value !== "object"))
    .map(([name, value]) => [name === "oneOf" ? "anyOf" : name, asJsonSchema(value)] as const);
  const schema: Schema = Object.fromEntries(members);
  const isNullable = (node as Schema)["nullable"] === true || (node as Schema)["x-nullable"] === true;
  if (!isNullable) return schema;
  const { nullable: _, "x-nullable": __, ...rest } = schema;
  return { anyOf: [rest, { type: "null" }] };
}

const LEFT_OUT = new Set([
  "$schema",
  // Amazon's notifications name each node by its place.
  "$id",
  "example",
  "xml",
  "discriminator",
  "multipleOf",
  "exclusiveMinimum",
  "exclusiveMaximum",
]);

/**
 * The operation of a call by its path template, `/V1/orders/{id}`; undefined: the description has none such.
 */
export function operationAt(
  document: Schema,
  method: string,
  path: string,
): { readonly template: string; readonly operation: Schema } | undefined {
  const paths = (document["paths"] ?? {}) as Readonly<Record<string, Schema>>;
  const matching = Object.entries(paths)
    .filter(([template, item]) => item[method.toLowerCase()] !== undefined && patternOf(template).test(path))
    // A literal word goes before a placeholder: `/orders/batch` is not `/orders/{id}`.
    .sort(([a], [b]) => placeholders(a) - placeholders(b));
  const [first] = matching;
  if (first === undefined) return undefined;
  return { template: first[0], operation: first[1][method.toLowerCase()] as Schema };
}

function placeholders(template: string): number {
  return template.split("{").length;
}

function patternOf(template: string): RegExp {
  const escaped = template.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\{[^}]+\}/g, "[^/]+")}$`);
}
