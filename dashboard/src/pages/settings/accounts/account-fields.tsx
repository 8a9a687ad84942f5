/**
 * What has to be set for an account at a vendor, as fields of a form. A secret that is set is never shown.
 */
import type { VendorDeclarationView } from "../../../../../contract/settings/vendor-accounts.ts";
import { Field } from "../../../components/field.tsx";
import { textOf } from "../../../components/form.tsx";
import { words } from "../../../format/words.ts";

type Declared = VendorDeclarationView["settings"];

const NAME = (name: string): string => `value ${name}`;

export function AccountFields({
  declared,
  values,
  secrets,
}: {
  readonly declared: Declared;
  readonly values: Readonly<Record<string, string>>;
  /** Names of those that are set. */
  readonly secrets: readonly string[];
}) {
  return (
    <>
      {declared.map(({ name, meaning, standard, secret }) => {
        const isSet = secrets.includes(name);
        const shown = {
          class: "input",
          name: NAME(name),
          maxLength: 2_000,
          placeholder: isSet ? "set, not shown" : "",
          defaultValue: values[name] ?? "",
        };
        return (
          <Field
            key={name}
            label={labelOf(name)}
            hint={`${meaning}. ${isSet ? "Empty: stays as it is." : `Empty: ${standard}.`}`}
          >
            {secret ? (
              <input type="password" autocomplete="new-password" {...shown} />
            ) : (
              <input autocomplete="off" {...shown} />
            )}
          </Field>
        );
      })}
    </>
  );
}

/** Of secrets only those that were written: what is left empty stays. */
export function valuesOf(form: FormData, declared: Declared): Readonly<Record<string, string>> {
  return Object.fromEntries(
    declared.flatMap(({ name, secret }) => {
      const value = textOf(form, NAME(name));
      return secret && value === "" ? [] : [[name, value] as const];
    }),
  );
}

/** `EASYPOST_API_KEY` becomes `Easypost API key`. */
function labelOf(name: string): string {
  return words(name.toLowerCase())
    .replace(/\bapi\b/g, "API")
    .replace(/\burl\b/g, "URL")
    .replace(/\bsmtp\b/gi, "SMTP");
}
