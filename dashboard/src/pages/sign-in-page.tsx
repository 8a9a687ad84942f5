import { useEffect, useState } from "preact/hooks";
import { RequestError } from "../api/problem.ts";
import { signIn } from "../api/sign-in.ts";
import { Field } from "../components/field.tsx";
import { Form, textOf } from "../components/form.tsx";
import { DoorPage } from "./door/door-page.tsx";

/** Asks for the code of a second factor once the server says that the account has one. */
export function SignInPage() {
  const [needsCode, setNeedsCode] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Holdfast";
  }, []);
  return (
    <DoorPage title="Sign in" hidden>
      <Form
        submit="Sign in"
        onSubmit={async (fields) => {
          const code = textOf(fields, "code");
          try {
            await signIn(
              textOf(fields, "email"),
              String(fields.get("password") ?? ""),
              code === "" ? undefined : code,
            );
          } catch (error) {
            if (!(error instanceof RequestError && error.code === "second_factor_needed")) throw error;
            setNeedsCode(true);
          }
        }}
      >
        <Field label="Email">
          <input class="input" type="email" name="email" autocomplete="username" required />
        </Field>
        <Field label="Password">
          <input class="input" type="password" name="password" autocomplete="current-password" required />
        </Field>
        {needsCode && (
          <Field label="Code" hint="That your app shows, or one of your recovery codes.">
            <CodeInput />
          </Field>
        )}
      </Form>
      <p class="muted small">
        <a href="/forgot">Forgotten your password?</a> In the sandbox, the start command prints the logins.
      </p>
    </DoorPage>
  );
}

/** Appears when the password was right, so that typing goes on in it. */
function CodeInput() {
  return (
    <input
      class="input"
      name="code"
      autocomplete="one-time-code"
      required
      minLength={6}
      maxLength={32}
      ref={(input) => input?.focus()}
    />
  );
}
