import { useEffect } from "preact/hooks";
import { signIn } from "../api/sign-in.ts";
import { Field } from "../components/field.tsx";
import { Form, textOf } from "../components/form.tsx";
import logo from "../components/holdfast.svg";

export function SignInPage() {
  useEffect(() => {
    document.title = "Sign in · Holdfast";
  }, []);
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <div>
          <div class="brand">
            <img src={logo} alt="" />
            Holdfast
          </div>
          <h1 class="visually-hidden">Sign in</h1>
        </div>
        <Form
          submit="Sign in"
          onSubmit={(fields) => signIn(textOf(fields, "email"), String(fields.get("password") ?? ""))}
        >
          <Field label="Email">
            <input class="input" type="email" name="email" autocomplete="username" required />
          </Field>
          <Field label="Password">
            <input class="input" type="password" name="password" autocomplete="current-password" required />
          </Field>
        </Form>
        <p class="muted small">In the sandbox, the start command prints the logins.</p>
      </div>
    </main>
  );
}
