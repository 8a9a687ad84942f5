import { useEffect, useState } from "preact/hooks";
import { post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { DoorPage } from "./door-page.tsx";

/** Asks for a link to set a new password. Whether there is such an account is not said. */
export function ForgotPage() {
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    document.title = "New password · Holdfast";
  }, []);
  return (
    <DoorPage title="Forgotten your password?">
      {asked === null ? (
        <Form
          submit="Mail me a link"
          onSubmit={async (fields) => {
            const email = textOf(fields, "email");
            await post("/password-links", { email });
            setAsked(email);
          }}
        >
          <Field label="Email">
            <input class="input" type="email" name="email" autocomplete="username" required />
          </Field>
        </Form>
      ) : (
        <Notice tone="info">
          If {asked} signs in here, a mail with a link is on its way. The link counts once, for an hour. If no
          mail comes, ask an administrator.
        </Notice>
      )}
      <p class="muted small">
        <a href="/">Sign in</a>
      </p>
    </DoorPage>
  );
}
