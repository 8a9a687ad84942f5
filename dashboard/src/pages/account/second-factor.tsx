import { useState } from "preact/hooks";
import type { AccountView, RecoveryCodes, SecondFactorSecret } from "../../../../contract/people.ts";
import { post } from "../../api/client.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { counted } from "../../format/words.ts";
import { RecoveryCodesDialog } from "./recovery-codes-dialog.tsx";

type Step =
  | { readonly name: "none" }
  | { readonly name: "scan"; readonly secret: SecondFactorSecret }
  | { readonly name: "codes"; readonly codes: readonly string[] }
  | { readonly name: "remove" };

/** Switches the codes of an authenticator app on and off. The recovery codes are to be seen once. */
export function SecondFactor({
  account,
  onChange,
}: {
  readonly account: AccountView;
  readonly onChange: () => void;
}) {
  const [step, setStep] = useState<Step>({ name: "none" });
  const close = (): void => setStep({ name: "none" });
  const { secondFactor, passkeys, recoveryCodes } = account;
  const hasCodes = secondFactor || passkeys > 0;
  return (
    <div class="form">
      <p class="muted">
        {secondFactor
          ? `Signing in asks for a code of your app. ${counted(recoveryCodes, "recovery code")} left.`
          : passkeys > 0
            ? `Signing in by password asks for a passkey as well. ${counted(recoveryCodes, "recovery code")} left.`
            : "Signing in asks for your password alone. With an authenticator app it also asks for a code, so that a password that somebody knows is not enough."}
      </p>
      {hasCodes && recoveryCodes < 3 && (
        <Notice tone="warn">Few recovery codes are left: make new ones.</Notice>
      )}
      <div class="form-actions">
        {secondFactor ? (
          <button type="button" class="button" onClick={() => setStep({ name: "remove" })}>
            Switch it off
          </button>
        ) : (
          <ActionButton
            class="button primary"
            run={async () => {
              const secret = await post<SecondFactorSecret>("/account/second-factor", {});
              setStep({ name: "scan", secret });
            }}
          >
            Use an authenticator app
          </ActionButton>
        )}
        {hasCodes && (
          <ActionButton
            run={async () => {
              const { codes } = await post<RecoveryCodes>("/account/recovery-codes", {});
              setStep({ name: "codes", codes });
              onChange();
            }}
          >
            Make new recovery codes
          </ActionButton>
        )}
      </div>
      {step.name === "scan" && (
        <Dialog title="Scan this with your app" onClose={close}>
          <Form
            submit="Switch it on"
            onSubmit={async (fields) => {
              const body = { code: textOf(fields, "code") };
              const { codes } = await post<RecoveryCodes>("/account/second-factor/confirm", body);
              setStep({ name: "codes", codes });
              onChange();
            }}
          >
            <img
              class="qr-code"
              alt="QR code for the authenticator app"
              src={`data:image/svg+xml,${encodeURIComponent(step.secret.svg)}`}
            />
            <p class="muted small break">
              Or type this secret: <code>{step.secret.secret}</code>
            </p>
            <Code hint="That the app shows now." />
          </Form>
        </Dialog>
      )}
      {step.name === "codes" && <RecoveryCodesDialog codes={step.codes} onClose={close} />}
      {step.name === "remove" && (
        <Dialog title="Switch the second factor off" onClose={close}>
          <Form
            submit="Switch it off"
            danger
            onSubmit={async () => {
              await post("/account/second-factor/remove", {});
              close();
              onChange();
            }}
          >
            <p>Signing in asks for no code of your app any more.</p>
          </Form>
        </Dialog>
      )}
    </div>
  );
}

function Code({ hint }: { readonly hint: string }) {
  return (
    <Field label="Code" hint={hint}>
      <input class="input" name="code" autocomplete="one-time-code" required minLength={6} maxLength={32} />
    </Field>
  );
}
