/**
 * Holds what was said over GraphQL against the vendor's own schema: documents by the language's own
 * validation, variables by the types that the documents declare, answers by the types of the fields that were
 * asked for.
 *
 * G1 A document is valid against the schema itself, not against what a simulator serves of it.
 * G2 Of an answer every value is looked at: lists, nulls where none may be, enums, numbers, ids, moments.
 */
import {
  buildSchema,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getVariableValues,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  validate,
} from "graphql";
import type { Exchange } from "./connection-contract.ts";

export type GraphqlCheck = {
  /** What is wrong with a call and its answer, one sentence each. */
  problemsOf(exchange: Exchange): readonly string[];
  documentProblems(document: string): readonly string[];
  /** What a part of the schema has otherwise than the whole one. */
  partProblems(part: string): readonly string[];
};

/** @param sdl the vendor's schema, in the schema definition language */
export function graphqlCheck(sdl: string): GraphqlCheck {
  const schema = buildSchema(sdl);
  const documentProblems = (text: string) => validate(schema, parse(text)).map(({ message }) => message);
  return {
    documentProblems,
    partProblems: (part) => partProblems(schema, buildSchema(part)),
    problemsOf({ request, reply }) {
      const sent = JSON.parse(request.body.toString("utf8")) as {
        readonly query: string;
        readonly variables?: Record<string, unknown>;
      };
      const wrong = documentProblems(sent.query);
      if (wrong.length > 0) return wrong;
      const document = parse(sent.query);
      const operation = operationOf(document);
      const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], sent.variables ?? {});
      const answer = JSON.parse(String(reply.body)) as { readonly data?: unknown };
      return [
        ...(errors ?? []).map(({ message }) => `the variables: ${message}`),
        ...(answer.data === undefined || answer.data === null
          ? []
          : answerProblems(schema, document, operation, answer.data)),
      ];
    },
  };
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  const found = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (found?.kind !== Kind.OPERATION_DEFINITION) throw new Error("the document has no operation");
  return found;
}

function answerProblems(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  data: unknown,
): readonly string[] {
  const fragments = new Map(
    document.definitions
      .filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((one) => [one.name.value, one]),
  );
  const root = schema.getRootType(operation.operation);
  if (root === null || root === undefined) return [`the schema has no ${operation.operation}`];
  const problems: string[] = [];

  function lookAt(
    type: GraphQLOutputType,
    selections: SelectionSetNode | undefined,
    value: unknown,
    at: string,
  ) {
    if (isNonNullType(type)) {
      if (value === null || value === undefined) problems.push(`${at} may not be null`);
      else lookAt(type.ofType, selections, value, at);
      return;
    }
    if (value === null) return;
    if (value === undefined) problems.push(`${at} was asked for and is missing`);
    else if (isListType(type)) {
      if (!Array.isArray(value)) problems.push(`${at} is no list`);
      else
        for (const [index, item] of value.entries()) lookAt(type.ofType, selections, item, `${at}.${index}`);
    } else if (isEnumType(type)) {
      if (type.getValue(String(value)) === undefined || typeof value !== "string")
        problems.push(`${at}: ${JSON.stringify(value)} is no ${type.name}`);
    } else if (isScalarType(type)) {
      if (SCALARS[type.name]?.(value) === false)
        problems.push(`${at}: ${JSON.stringify(value)} is no ${type.name}`);
    } else if (isObjectType(type) && selections !== undefined)
      lookInto(type, selections, value as object, at);
  }

  function lookInto(type: GraphQLObjectType, selections: SelectionSetNode, value: object, at: string) {
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) lookInto(type, fragment.selectionSet, value, at);
        continue;
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        lookInto(type, selection.selectionSet, value, at);
        continue;
      }
      const name = selection.alias?.value ?? selection.name.value;
      const field = type.getFields()[selection.name.value];
      if (field === undefined) continue;
      lookAt(
        field.type,
        selection.selectionSet,
        Reflect.get(value, name),
        at === "" ? name : `${at}.${name}`,
      );
    }
  }

  lookInto(root, operation.selectionSet, data as object, "");
  return problems;
}

const isText = (value: unknown) => typeof value === "string";
const matches = (pattern: RegExp) => (value: unknown) => typeof value === "string" && pattern.test(value);

/** How answers write them; what is not here is not looked at. */
const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  Int: (value) => Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31,
  Float: (value) => typeof value === "number",
  Boolean: (value) => typeof value === "boolean",
  String: isText,
  ID: matches(/^gid:\/\/shopify\/[A-Za-z]+\/[\w-]+$/),
  DateTime: matches(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  Decimal: matches(/^-?\d+(\.\d+)?$/),
  Money: matches(/^-?\d+(\.\d+)?$/),
  UnsignedInt64: matches(/^\d+$/),
  URL: (value) => typeof value === "string" && URL.canParse(value),
};

/**
 * Of each type that the part has: fields, arguments, input fields and enum values that the whole has not so.
 */
function partProblems(whole: GraphQLSchema, part: GraphQLSchema): readonly string[] {
  const problems: string[] = [];
  for (const type of Object.values(part.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    const there = whole.getType(type.name);
    if (there === undefined) problems.push(`there is no ${type.name}`);
    else if (isEnumType(type) && isEnumType(there)) {
      for (const { name } of type.getValues())
        if (there.getValue(name) === undefined) problems.push(`${type.name} has no ${name}`);
    } else if (
      (isObjectType(type) && isObjectType(there)) ||
      (isInputObjectType(type) && isInputObjectType(there))
    )
      problems.push(...fieldProblems(type, there));
    else if (type.astNode?.kind !== there.astNode?.kind)
      problems.push(`${type.name} is another kind of type`);
  }
  return problems;
}

type WithFields = { readonly name: string; getFields(): Record<string, unknown> };
type Field = {
  readonly type: unknown;
  readonly args?: readonly { readonly name: string; readonly type: unknown }[];
};

function fieldProblems(type: WithFields, there: WithFields): readonly string[] {
  const problems: string[] = [];
  for (const [name, field] of Object.entries(type.getFields()) as [string, Field][]) {
    const same = there.getFields()[name] as Field | undefined;
    if (same === undefined) problems.push(`${type.name} has no ${name}`);
    else if (String(same.type) !== String(field.type))
      problems.push(`${type.name}.${name} is ${String(same.type)}, not ${String(field.type)}`);
    for (const arg of field.args ?? []) {
      const known = same?.args?.find((one) => one.name === arg.name);
      if (known === undefined) problems.push(`${type.name}.${name} takes no ${arg.name}`);
      else if (String(known.type) !== String(arg.type))
        problems.push(`${type.name}.${name}(${arg.name}) is ${String(known.type)}, not ${String(arg.type)}`);
    }
  }
  return problems;
}
