import { useEffect, useState } from "preact/hooks";
import type { PasswordLinkView } from "../../../../contract/people.ts";
import { post } from "../../api/client.ts";
import { forgetSession } from "../../api/session.ts";
import { Form } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Notice } from "../../components/notice.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { fullTime } from "../../format/time.ts";
import { useResource } from "../../live/resource.ts";
import { DoorPage } from "./door-page.tsx";
import { NewPasswordFields, newPasswordOf } from "./new-password-fields.tsx";

/**
 * Where the link of an invitation or a reset leads. Its token stands behind `#`, which browsers send to no
 * server, and is taken out of the address at once.
 */
export function ChoosePasswordPage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const [done, setDone] = useState(false);
  useEffect(() => {
    document.title = "New password · Holdfast";
    window.history.replaceState(null, "", window.location.pathname);
  }, []);
  const link = useResource<PasswordLinkView>("link", () => post("/password-links/check", { token }));
  return (
    <DoorPage title="Choose your password">
      {done ? (
        <Notice tone="good">Your password is set, and you are signed out everywhere.</Notice>
      ) : (
        <Loaded resource={link} skeleton={<SkeletonRows rows={2} />}>
          {({ email, name, expiresAt, leastCharacters }) => (
            <>
              <p class="muted">
                For {name}. The link counts until {fullTime(expiresAt)}.
              </p>
              <Form
                submit="Set the password"
                onSubmit={async (fields) => {
                  await post("/password-links/use", { token, password: newPasswordOf(fields) });
                  forgetSession();
                  setDone(true);
                }}
              >
                {/* So that a password manager knows whose password it keeps. */}
                <input
                  class="visually-hidden"
                  type="email"
                  name="email"
                  autocomplete="username"
                  value={email}
                  readOnly
                  tabIndex={-1}
                  aria-hidden="true"
                />
                <NewPasswordFields least={leastCharacters} />
              </Form>
            </>
          )}
        </Loaded>
      )}
      <p class="muted small">
        <a href="/">Sign in</a>
      </p>
    </DoorPage>
  );
}
