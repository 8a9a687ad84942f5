import { useState } from "preact/hooks";
import type { AccountView } from "../../../../contract/people.ts";
import { post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form } from "../../components/form.tsx";
import { toast } from "../../components/toast.tsx";
import { fullTime } from "../../format/time.ts";
import { NewPasswordFields, newPasswordOf } from "../door/new-password-fields.tsx";

/** Changes the own password. The one of now is asked for: whoever found the browser open does not know it. */
export function PasswordForm({
  account,
  onDone,
}: {
  readonly account: AccountView;
  readonly onDone: () => void;
}) {
  // Another form after each change, with empty fields.
  const [changes, setChanges] = useState(0);
  const { passwordSetAt, leastCharacters } = account;
  return (
    <Form
      key={changes}
      submit="Change the password"
      onSubmit={async (fields) => {
        const body = { current: String(fields.get("current") ?? ""), next: newPasswordOf(fields) };
        await post("/account/password", body);
        toast("good", "Your password is changed, and you are signed out everywhere else.");
        setChanges(changes + 1);
        onDone();
      }}
    >
      {passwordSetAt !== null && <p class="muted">Set on {fullTime(passwordSetAt)}.</p>}
      <Field label="Current password">
        <input class="input" type="password" name="current" autocomplete="current-password" required />
      </Field>
      <NewPasswordFields least={leastCharacters} />
    </Form>
  );
}
