/** The company's own fields on pages: their values, as facts and as inputs. Which there are is settings'. */
import type { CustomFieldView } from "../../../../contract/settings/custom-fields.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { calendarDay } from "../../format/time.ts";
import { useResource } from "../../live/resource.ts";

export type CustomValue = string | number | boolean;
export type CustomValues = Readonly<Record<string, CustomValue>>;

type Subject = CustomFieldView["subject"];

/** Those of a subject, in the order in which they were defined; empty until they are there. */
export function useCustomFields(subject: Subject): readonly CustomFieldView[] {
  const fields = useResource<Page<CustomFieldView>>(`custom fields of ${subject}`, (signal) =>
    get("/custom-fields", { subject }, signal),
  );
  return fields.data?.items ?? [];
}

/** A field with its value, for people. */
export type ShownField = { readonly field: CustomFieldView; readonly value: CustomValue };

/** Fields that have a value, the retired ones too. */
export function shownFields(
  fields: readonly CustomFieldView[],
  values: CustomValues | undefined,
): readonly ShownField[] {
  return fields.flatMap((field) => {
    const value = values?.[field.key];
    return value === undefined ? [] : [{ field, value }];
  });
}

export function valueText({ field, value }: ShownField): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  // Who may not see personal data gets a text in the place of every value.
  return field.type === "date" && /^\d{4}-/.test(String(value)) ? calendarDay(String(value)) : String(value);
}

/** One input for each field that is not retired. */
export function CustomFieldInputs({
  fields,
  values = {},
  asks = true,
}: {
  readonly fields: readonly CustomFieldView[];
  readonly values?: CustomValues | undefined;
  /** Whether the form is not sent without the required ones. */
  readonly asks?: boolean;
}) {
  return (
    <>
      {fields
        .filter(({ active }) => active)
        .map((field) => (
          <Field key={field.key} label={field.label} {...(field.required ? { hint: "Required." } : {})}>
            <Input field={field} asks={asks} value={values[field.key]} />
          </Field>
        ))}
    </>
  );
}

const nameOf = ({ key }: CustomFieldView): string => `custom.${key}`;

function Input({
  field,
  asks,
  value,
}: {
  readonly field: CustomFieldView;
  readonly asks: boolean;
  readonly value: CustomValue | undefined;
}) {
  const common = { name: nameOf(field), required: asks && field.required };
  const now = value === undefined ? "" : String(value);
  switch (field.type) {
    case "boolean":
      return (
        <Choices
          {...common}
          now={now}
          options={[
            ["true", "Yes"],
            ["false", "No"],
          ]}
        />
      );
    case "choice": {
      // One that was taken away since stays to be seen.
      const choices = now === "" || field.choices.includes(now) ? field.choices : [now, ...field.choices];
      return <Choices {...common} now={now} options={choices.map((choice) => [choice, choice] as const)} />;
    }
    case "date":
      return <input class="input" type="date" {...common} defaultValue={now} />;
    case "number":
      return <input class="input" type="number" step="any" {...common} defaultValue={now} />;
    default:
      return <input class="input" maxLength={1_000} autocomplete="off" {...common} defaultValue={now} />;
  }
}

function Choices({
  name,
  required,
  now,
  options,
}: {
  readonly name: string;
  readonly required: boolean;
  readonly now: string;
  readonly options: readonly (readonly [string, string])[];
}) {
  return (
    <select class="select" name={name} required={required}>
      <option value="">Not set</option>
      {options.map(([value, label]) => (
        <option key={value} value={value} selected={value === now}>
          {label}
        </option>
      ))}
    </select>
  );
}

/** What was entered and is another value than before; null: it was taken away. */
export function changedValues(
  form: FormData,
  fields: readonly CustomFieldView[],
  before: CustomValues = {},
): Readonly<Record<string, CustomValue | null>> {
  return Object.fromEntries(
    fields
      .filter(({ active }) => active)
      .map((field) => [field.key, valueIn(field, textOf(form, nameOf(field)))] as const)
      .filter(([key, value]) => value !== (before[key] ?? null)),
  );
}

function valueIn({ type }: CustomFieldView, text: string): CustomValue | null {
  if (text === "") return null;
  if (type === "number") return Number(text);
  return type === "boolean" ? text === "true" : text;
}
