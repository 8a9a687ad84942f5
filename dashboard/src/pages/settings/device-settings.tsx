/**
 * The settings of a device as fields of a form: those of its kind one by one, and whatever else it has as
 * JSON. What is left empty is left out, so that it stays as it usually is, also where that changes.
 */
import type { DeviceKindView } from "../../../../contract/devices.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";

type Settings = Readonly<Record<string, unknown>>;
type SettingField = DeviceKindView["fields"][number];

const NAME = (field: SettingField): string => `setting ${field.name}`;
const FURTHER = "further settings";

export function DeviceSettings({
  fields,
  settings,
}: {
  readonly fields: readonly SettingField[];
  readonly settings: Settings;
}) {
  const further = Object.fromEntries(
    Object.entries(settings).filter(([name]) => !fields.some((field) => field.name === name)),
  );
  return (
    <>
      {fields.map((field) => (
        <Field key={field.name} label={labelOf(field)} hint={hintOf(field)}>
          <Control field={field} value={settings[field.name]} />
        </Field>
      ))}
      <Field label="Further settings" hint="As a JSON object.">
        <textarea class="input" name={FURTHER} rows={2}>
          {Object.keys(further).length === 0 ? "" : JSON.stringify(further, null, 2)}
        </textarea>
      </Field>
    </>
  );
}

function Control({ field, value }: { readonly field: SettingField; readonly value: unknown }) {
  const { type, usual } = field;
  const name = NAME(field);
  const isGiven = value !== undefined;
  // What the kind's form would not have made is shown as it is, to be put right.
  if (type === "switch" && (!isGiven || typeof value === "boolean"))
    return (
      <select class="input" name={name}>
        <option value="">As usual{typeof usual === "boolean" && `: ${usual ? "yes" : "no"}`}</option>
        <option value="true" selected={value === true}>
          Yes
        </option>
        <option value="false" selected={value === false}>
          No
        </option>
      </select>
    );
  if (type === "json")
    return (
      <textarea
        class="input"
        name={name}
        rows={2}
        placeholder={usual === null ? "" : JSON.stringify(usual)}
        defaultValue={isGiven ? JSON.stringify(value, null, 2) : ""}
      />
    );
  const shown = {
    name,
    placeholder: usual === null ? "" : String(usual),
    defaultValue: isGiven ? String(value) : "",
  };
  return type === "number" ? (
    <input class="input" type="number" step="any" {...shown} />
  ) : (
    <input class="input" {...shown} />
  );
}

/** @throws Error that names the field whose JSON cannot be read */
export function settingsOf(form: FormData, fields: readonly SettingField[]): Settings {
  const further = textOf(form, FURTHER);
  const settings: Record<string, unknown> = { ...asObject(further === "" ? "{}" : further) };
  for (const field of fields) {
    const text = textOf(form, NAME(field));
    if (text !== "") settings[field.name] = readField(field, text);
  }
  return settings;
}

function readField({ name, type }: SettingField, text: string): unknown {
  if (type === "text") return text;
  if (type === "number") return Number(text);
  return parse(name, text);
}

function asObject(text: string): Settings {
  const value = parse("Further settings", text);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Settings;
  throw new Error("Further settings are not a JSON object.");
}

function parse(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what}: this is not JSON.`);
  }
}

/** `silenceMs` becomes `Silence ms`, as the server's refusals name it but for the blanks. */
function labelOf({ name }: SettingField): string {
  const spaced = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function hintOf({ unit, help }: SettingField): string {
  return unit === null ? help : `${help} In ${unit}.`;
}
