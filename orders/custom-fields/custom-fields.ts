/**
 * A company's own fields of orders, their lines, products, locations and returns: what a value may be, and
 * what of the values that came with an order is kept. Pure.
 *
 * F1 What a field's values are, and whether they are personal data, is said once: a stored value is always
 *    read as what it was written as.
 * F2 A value of a personal field stands in `personalFields`, which is sealed with the order's key; any other in
 *    `customFields`. Both are keyed by the field's key.
 * F3 A retired field keeps its key and its values; nothing more is written under it.
 * F4 No problem quotes a value: it may be personal data, and problems are written where everybody reads.
 */

export const CUSTOM_FIELD_SUBJECTS = ["order", "order_line", "product", "location", "return"] as const;
export type CustomFieldSubject = (typeof CUSTOM_FIELD_SUBJECTS)[number];

export const CUSTOM_FIELD_TYPES = ["text", "number", "boolean", "date", "choice"] as const;
export type CustomFieldType = (typeof CUSTOM_FIELD_TYPES)[number];

/** A date is a calendar day, ISO 8601. */
export type CustomValue = string | number | boolean;
export type CustomValues = Readonly<Record<string, CustomValue>>;

export type CustomField = {
  readonly subject: CustomFieldSubject;
  /** Unique within the subject. */
  readonly key: string;
  /** What people call it. */
  readonly label: string;
  readonly type: CustomFieldType;
  /** Of a `choice`; else empty. */
  readonly choices: readonly string[];
  readonly required: boolean;
  /** Whether its values identify a shopper. Of orders and their lines only. */
  readonly personal: boolean;
  /** The attribute of channels' orders or lines that is taken for it; null: none. */
  readonly attribute: string | null;
  /** False: it is retired. */
  readonly active: boolean;
};

export type CustomFieldRefusalCode = "custom_field_unknown" | "custom_field_invalid" | "custom_field_missing";
export type CustomFieldProblem = { readonly code: CustomFieldRefusalCode; readonly detail: string };

/** As an order, or a line of it, bears them; absent: none. */
export type OwnFields = {
  readonly customFields?: CustomValues;
  readonly personalFields?: CustomValues;
};

export const LONGEST_CUSTOM_TEXT = 1_000;
/** Twelve digits: no card number is one. */
export const GREATEST_CUSTOM_NUMBER = 999_999_999_999;

/** Why the field cannot have the value; null: it can. */
export function valueProblem(field: CustomField, value: CustomValue): CustomFieldProblem | null {
  const wanted = wantedIn(field, value);
  return wanted === null
    ? null
    : { code: "custom_field_invalid", detail: `The custom field "${field.key}" takes ${wanted}.` };
}

/** What the field takes, where the value is not that. */
function wantedIn({ type, choices }: CustomField, value: CustomValue): string | null {
  switch (type) {
    case "text":
      return typeof value === "string" && value !== "" && value.length <= LONGEST_CUSTOM_TEXT
        ? null
        : `a text of 1 to ${LONGEST_CUSTOM_TEXT} characters`;
    case "number":
      return typeof value === "number" && Math.abs(value) <= GREATEST_CUSTOM_NUMBER
        ? null
        : "a number of at most twelve digits before its point";
    case "boolean":
      return typeof value === "boolean" ? null : "true or false";
    case "date":
      return typeof value === "string" && isDay(value) ? null : "a day of the calendar, such as 2027-03-31";
    case "choice":
      return typeof value === "string" && choices.includes(value) ? null : `one of: ${choices.join(", ")}`;
    default: {
      const unreachable: never = type;
      return unreachable;
    }
  }
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text);
}

const WORDS_OF_BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

/** A text as the field's type, as far as it can be; whether it may be that is for `valueProblem` to say. */
export function readText({ type }: Pick<CustomField, "type">, text: string): CustomValue {
  const trimmed = text.trim();
  switch (type) {
    case "number":
      return /^-?\d{1,12}(\.\d{1,9})?$/.test(trimmed) ? Number(trimmed) : trimmed;
    case "boolean":
      return WORDS_OF_BOOLEANS.get(trimmed.toLowerCase()) ?? trimmed;
    case "date":
      // Shops write the hour as well.
      return /^\d{4}-\d{2}-\d{2}T/.test(trimmed) ? trimmed.slice(0, 10) : trimmed;
    default:
      return trimmed;
  }
}

type Sent = {
  /** As our own format has them. */
  readonly customFields?: CustomValues;
  /** As channels have them. */
  readonly attributes?: Readonly<Record<string, string>>;
};

/**
 * What is kept of the fields that came with an order or a line, and what is wrong with them. What cannot be
 * kept is left out.
 *
 * @param isAsked whether the required ones have to be there
 */
export function takeFields(
  fields: readonly CustomField[],
  subject: CustomFieldSubject,
  sent: Sent,
  isAsked: boolean,
): { readonly own: OwnFields; readonly problems: readonly CustomFieldProblem[] } {
  const defined = fields.filter((field) => field.subject === subject && field.active);
  const problems: CustomFieldProblem[] = Object.keys(sent.customFields ?? {})
    .filter((key) => defined.every((field) => field.key !== key))
    .map((key) => unknownField(subject, key));
  const kept: (readonly [CustomField, CustomValue])[] = [];
  for (const field of defined) {
    const value = valueIn(field, sent);
    if (value === undefined) {
      if (field.required && isAsked) problems.push(missingField(field));
      continue;
    }
    const problem = valueProblem(field, value);
    if (problem === null) kept.push([field, value]);
    else problems.push(problem);
  }
  return { own: ownFieldsOf(kept), problems };
}

function valueIn(field: CustomField, { customFields, attributes }: Sent): CustomValue | undefined {
  if (customFields !== undefined && Object.hasOwn(customFields, field.key)) return customFields[field.key];
  const { attribute } = field;
  if (attribute === null || attributes === undefined || !Object.hasOwn(attributes, attribute))
    return undefined;
  const text = attributes[attribute]?.trim() ?? "";
  return text === "" ? undefined : readText(field, text);
}

function ownFieldsOf(kept: readonly (readonly [CustomField, CustomValue])[]): OwnFields {
  const of = (personal: boolean) =>
    Object.fromEntries(
      kept.filter(([field]) => field.personal === personal).map(([{ key }, value]) => [key, value]),
    );
  return fieldsOrNone(of(false), of(true));
}

function fieldsOrNone(customFields: CustomValues, personalFields: CustomValues): OwnFields {
  return {
    ...(Object.keys(customFields).length === 0 ? {} : { customFields }),
    ...(Object.keys(personalFields).length === 0 ? {} : { personalFields }),
  };
}

/** The same values without this one, or with it; `null` takes it away. */
export function withField(
  own: OwnFields,
  { key, personal }: Pick<CustomField, "key" | "personal">,
  value: CustomValue | null,
): OwnFields {
  const { [key]: _clear, ...customFields } = own.customFields ?? {};
  const { [key]: _sealed, ...personalFields } = own.personalFields ?? {};
  const added = value === null ? {} : { [key]: value };
  return personal
    ? fieldsOrNone(customFields, { ...personalFields, ...added })
    : fieldsOrNone({ ...customFields, ...added }, personalFields);
}

/** Fields of `before` replaced by those of `next`, and nothing else of it. */
export function withFields<T extends OwnFields>(before: T, next: OwnFields): T {
  const { customFields: _clear, personalFields: _sealed, ...rest } = before;
  const { customFields, personalFields } = next;
  return {
    ...rest,
    ...(customFields === undefined ? {} : { customFields }),
    ...(personalFields === undefined ? {} : { personalFields }),
  } as T;
}

/** A merge, value by value: what `next` has changed of `base` is taken, all else stays as it is in `ours`. */
export function mergedFields(base: OwnFields, next: OwnFields, ours: OwnFields): OwnFields {
  const merge = (name: "customFields" | "personalFields"): CustomValues => {
    const [was, is] = [base[name] ?? {}, next[name] ?? {}];
    const merged = new Map(Object.entries(ours[name] ?? {}));
    for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
      if (was[key] === is[key]) continue;
      const value = is[key];
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    return Object.fromEntries(merged);
  };
  return fieldsOrNone(merge("customFields"), merge("personalFields"));
}

/** Of the required fields of a subject, those that are not there. */
export function missingFields(
  fields: readonly CustomField[],
  subject: CustomFieldSubject,
  { customFields = {}, personalFields = {} }: OwnFields,
): readonly CustomFieldProblem[] {
  return fields
    .filter((field) => field.subject === subject && field.active && field.required)
    .filter(({ key }) => !Object.hasOwn(customFields, key) && !Object.hasOwn(personalFields, key))
    .map(missingField);
}

const SUBJECT_WORDS: Readonly<Record<CustomFieldSubject, string>> = {
  order: "orders",
  order_line: "order lines",
  product: "products",
  location: "locations",
  return: "returns",
};

function unknownField(subject: CustomFieldSubject, key: string): CustomFieldProblem {
  const detail = `There is no custom field "${key.slice(0, 100)}" of ${SUBJECT_WORDS[subject]}, or it is retired.`;
  return { code: "custom_field_unknown", detail };
}

function missingField({ key }: Pick<CustomField, "key">): CustomFieldProblem {
  return { code: "custom_field_missing", detail: `The custom field "${key}" is required.` };
}

/** Why the field cannot be set to the value, or cleared; null: it can. */
export function fieldProblem(
  field: CustomField | undefined,
  subject: CustomFieldSubject,
  key: string,
  value: CustomValue | null,
): CustomFieldProblem | null {
  // What a retired field has can be taken away.
  if (field === undefined || (!field.active && value !== null)) return unknownField(subject, key);
  if (value !== null) return valueProblem(field, value);
  return field.required && field.active ? missingField(field) : null;
}
