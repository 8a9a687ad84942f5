import type { ProofMeans } from "../../../../contract/people.ts";
import { get, post } from "../../api/client.ts";
import { canUsePasskeys, usePasskey } from "../../api/passkeys.ts";
import { askedForProof } from "../../api/proof.ts";
import { proveElsewhere } from "../../api/prove-elsewhere.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { useResource } from "../../live/resource.ts";

/** Asks again who is there, wherever a request waits for it. */
export function ProveDialog() {
  const asked = askedForProof.value;
  return asked === null ? null : <Ask proved={asked.proved} refused={asked.refused} />;
}

function Ask({ proved, refused }: { readonly proved: () => void; readonly refused: () => void }) {
  const means = useResource<ProofMeans>("proof", (signal) => get("/sessions/current/proof", {}, signal));
  return (
    <Dialog title="Is it still you?" onClose={refused}>
      <p class="muted">
        This changes rights or secrets, and it is a while since you signed in. What you have just done goes on
        afterwards.
      </p>
      <Loaded resource={means} skeleton={<SkeletonRows rows={2} />}>
        {(now) => (
          <>
            <OtherMeans means={now} proved={proved} />
            {now.password && <PasswordProof means={now} proved={proved} />}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

/** What needs no password: the person's device, or the identity provider. */
function OtherMeans({ means, proved }: { readonly means: ProofMeans; readonly proved: () => void }) {
  const byPasskey = means.passkey && canUsePasskeys();
  if (!byPasskey && !means.singleSignOn) return null;
  return (
    <div class="form-actions">
      {means.singleSignOn && (
        <ActionButton
          run={async () => {
            await proveElsewhere();
            proved();
          }}
        >
          Use single sign-on
        </ActionButton>
      )}
      {byPasskey && (
        <ActionButton
          run={async () => {
            await post("/sessions/current/proof", { passkey: await usePasskey() });
            proved();
          }}
        >
          Use a passkey
        </ActionButton>
      )}
    </div>
  );
}

function PasswordProof({ means, proved }: { readonly means: ProofMeans; readonly proved: () => void }) {
  return (
    <Form
      submit="Go on"
      onSubmit={async (fields) => {
        const code = textOf(fields, "code");
        const password = String(fields.get("password") ?? "");
        await post("/sessions/current/proof", { password, ...(code === "" ? {} : { code }) });
        proved();
      }}
    >
      <Field label="Your password">
        <input
          class="input"
          type="password"
          name="password"
          autocomplete="current-password"
          required
          ref={(input) => input?.focus()}
        />
      </Field>
      {means.secondFactor && (
        <Field label="Code" hint="That your app shows, or one of your recovery codes.">
          <input
            class="input"
            name="code"
            autocomplete="one-time-code"
            required
            minLength={6}
            maxLength={32}
          />
        </Field>
      )}
    </Form>
  );
}
