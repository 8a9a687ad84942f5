import { Field } from "../../components/field.tsx";

/** A new password, twice, because nobody sees what they type. */
export function NewPasswordFields({ least }: { readonly least: number }) {
  return (
    <>
      <Field
        label="New password"
        hint={`${least} characters or more. A few words that do not belong together are easy to remember.`}
      >
        <input
          class="input"
          type="password"
          name="new"
          autocomplete="new-password"
          minLength={least}
          maxLength={256}
          required
        />
      </Field>
      <Field label="The same again">
        <input class="input" type="password" name="again" autocomplete="new-password" required />
      </Field>
    </>
  );
}

/** @throws Error where the two differ */
export function newPasswordOf(fields: FormData): string {
  const chosen = String(fields.get("new") ?? "");
  if (chosen !== String(fields.get("again") ?? "")) throw new Error("The two passwords differ.");
  return chosen;
}
