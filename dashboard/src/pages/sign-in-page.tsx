import { useEffect, useState } from "preact/hooks";
import type { SignInWays } from "../../../contract/sign-in/sessions.ts";
import { get } from "../api/client.ts";
import { companies } from "../api/companies.ts";
import { canUsePasskeys, usePasskey } from "../api/passkeys.ts";
import { RequestError } from "../api/problem.ts";
import { leaveToSignIn, signIn, signInByPasskey } from "../api/sign-in.ts";
import { ActionButton } from "../components/action-button.tsx";
import { Field } from "../components/field.tsx";
import { Form, textOf } from "../components/form.tsx";
import { useResource } from "../live/resource.ts";
import { CompanyLinks } from "./door/company-links.tsx";
import { DoorPage } from "./door/door-page.tsx";

type First = { readonly email: string; readonly password: string };

/** Asks for the code of a second factor once the server says that the account has one. */
export function SignInPage() {
  // What was right already, while the second factor is asked for.
  const [first, setFirst] = useState<First | null>(null);
  const ways = useResource<SignInWays>("sign-in-ways", (signal) => get("/sign-in-ways", {}, signal));
  const name = ways.data?.singleSignOn ?? null;
  useEffect(() => {
    document.title = "Sign in · Holdfast";
  }, []);
  return (
    <DoorPage title="Sign in" hidden company={companies.value?.name}>
      <Form
        submit="Sign in"
        onSubmit={async (fields) => {
          const code = textOf(fields, "code");
          const email = textOf(fields, "email");
          const password = String(fields.get("password") ?? "");
          try {
            await signIn(email, password, code === "" ? {} : { code });
          } catch (error) {
            if (!(error instanceof RequestError && error.code === "second_factor_needed")) throw error;
            setFirst({ email, password });
          }
        }}
      >
        <Field label="Email">
          <input class="input" type="email" name="email" autocomplete="username" required />
        </Field>
        <Field label="Password">
          <input class="input" type="password" name="password" autocomplete="current-password" required />
        </Field>
        {first !== null && (
          <Field label="Code" hint="That your app shows, or one of your recovery codes.">
            <CodeInput />
          </Field>
        )}
      </Form>
      {name !== null && first === null && (
        <ActionButton class={ways.data?.required ? "button primary" : "button"} run={leaveToSignIn}>
          Continue with {name}
        </ActionButton>
      )}
      {canUsePasskeys() && (
        <ActionButton
          run={async () =>
            first === null
              ? signInByPasskey()
              : signIn(first.email, first.password, { passkey: await usePasskey() })
          }
        >
          {first === null ? "Use a passkey" : "Use a passkey in the code's place"}
        </ActionButton>
      )}
      <p class="muted small">
        <a href="/forgot">Forgotten your password?</a>
      </p>
      {(companies.value?.others.length ?? 0) > 0 && (
        <nav class="nav" aria-label="Other companies">
          <CompanyLinks />
        </nav>
      )}
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
