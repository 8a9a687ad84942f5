/**
 * The vendors' own descriptions of their APIs, with their examples, which some machines keep beside the
 * project (`../shared/data/vendors`). They are not copied. A test that needs them is skipped where they are
 * absent, and says so; what must always run brings its own data.
 *
 * Schemas are checked with Ajv, leniently: vendors' descriptions have keywords and formats of their own, and
 * those of OpenAPI 3.0 and Swagger say `nullable` where JSON Schema has a type.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { projectRoot } from "../../config/project-root.ts";

const folder = join(projectRoot, "..", "shared", "data", "vendors");

export const hasVendorDescriptions = existsSync(folder);
/** Appended to the titles of tests that need them. */
export const descriptionsNote = hasVendorDescriptions ? "" : ` (skipped: no descriptions in ${folder})`;

export type VendorExample = {
  readonly file: string;
  readonly operation: string;
  readonly direction: string;
  /** `yes`, or why the vendor's own schema refuses it. */
  readonly validates: string;
  readonly text: string;
};

/** A vendor's examples whose file names match. */
export function vendorExamples(vendor: string, name: RegExp): readonly VendorExample[] {
  if (!hasVendorDescriptions) return [];
  const examples = join(folder, vendor, "examples");
  const index: readonly Omit<VendorExample, "text">[] = JSON.parse(
    readFileSync(join(examples, "index.json"), "utf8"),
  );
  const files = new Set(readdirSync(examples));
  return index
    .filter(({ file }) => name.test(file) && files.has(file))
    .map((entry) => ({ ...entry, text: readFileSync(join(examples, entry.file), "utf8") }));
}

/** What is wrong with a value, by a schema in one of the vendor's files; null: nothing. */
export type SchemaCheck = (pointer: string, value: unknown) => string | null;

/** @param file e.g. `amazon/ordersV0.swagger.json` */
export function schemaCheck(file: string): SchemaCheck {
  const document: unknown = withoutNullable(JSON.parse(readFileSync(join(folder, file), "utf8")));
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false });
  ajv.addSchema(document as object, "vendor");
  const compiled = new Map<string, ValidateFunction>();
  return (pointer, value) => {
    const known = compiled.get(pointer);
    const validate = known ?? ajv.compile({ $ref: `vendor${pointer}` });
    compiled.set(pointer, validate);
    return validate(value) ? null : ajv.errorsText(validate.errors);
  };
}

/** The whole of one of the vendor's files. */
export function vendorFile(file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

/** Keywords of OpenAPI that Ajv would take for its own, or does not know. */
const LEFT_OUT = new Set(["example", "examples", "discriminator", "xml", "$schema", "$id"]);

function withoutNullable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNullable);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  const kept = Object.fromEntries(
    Object.entries(fields)
      // A property may be called "example"; a keyword's value is no schema.
      .filter(([key, inner]) => !(LEFT_OUT.has(key) && !isSchema(inner)))
      .map(([key, inner]) => [key, withoutNullable(inner)]),
  );
  const nullable = fields["nullable"] === true || fields["x-nullable"] === true;
  return nullable ? { anyOf: [kept, { type: "null" }] } : kept;
}

function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("type" in value || "$ref" in value);
}

/** A path within a document, as a JSON pointer of a URI: `pointer("paths", "/orders", "get")`. */
export function pointer(...path: readonly string[]): string {
  return `#${path.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")}`;
}
