/** Whether an answer is one that the OpenAPI document has for its operation: status, media type and shape. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { Reply } from "../gateway.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is read as its readers do
type Json = any;

/** @returns fails where an answer is not declared; `path` as the document has it */
export function declaredAnswers(
  document: Json,
): (method: string, path: string, reply: Reply, asked: string) => void {
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (schema: Json, place: string): ValidateFunction => {
    const found = validators.get(place);
    if (found !== undefined) return found;
    const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false });
    const validator = ajv.compile({ ...schema, components: document.components });
    validators.set(place, validator);
    return validator;
  };
  return (method, path, reply, asked) => {
    const operation = document.paths[path][method.toLowerCase()];
    const about = `${method} ${path} answered ${reply.status} ${reply.json?.code ?? ""} ${reply.json?.detail ?? ""} to ${asked}`;
    const declared = operation.responses[reply.status];
    expect(declared, about).toBeDefined();
    const reference: string | undefined = declared.$ref;
    const response = reference === undefined ? declared : document.components.responses[reference.slice(23)];
    if (reply.text === "") return;
    const type = (reply.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
    const content = response.content?.[type];
    expect(content, `${about}, as ${type}`).toBeDefined();
    if (!type.endsWith("json") || reply.json === null) return;
    const validate = validatorOf(content.schema, `${method} ${path} ${reply.status} ${type}`);
    const isAsDeclared = validate(reply.json);
    const faults = JSON.stringify(validate.errors);
    expect(isAsDeclared, `${about}: ${faults} ${reply.text.slice(0, 500)}`).toBe(true);
  };
}
