import { useState } from "preact/hooks";
import type { AccountView, RecoveryCodes, SecondFactorSecret } from "../../../../contract/people.ts";
import { post } from "../../api/client.ts";
import { Dialog } from "../../components/dialog.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { counted } from "../../format/words.ts";

type Step =
  | { readonly name: "none" }
  | { readonly name: "password" }
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
  const { secondFactor, recoveryCodes } = account;
  return (
    <div class="form">
      <p class="muted">
        {secondFactor
          ? `Signing in asks for a code of your app. ${counted(recoveryCodes, "recovery code")} left.`
          : "Signing in asks for your password alone. With an authenticator app it also asks for a code, so that a password that somebody knows is not enough."}
      </p>
      {secondFactor && recoveryCodes < 3 && (
        <Notice tone="warn">Few recovery codes are left: switch it off and on again for new ones.</Notice>
      )}
      <div class="form-actions">
        {secondFactor ? (
          <button type="button" class="button" onClick={() => setStep({ name: "remove" })}>
            Switch it off
          </button>
        ) : (
          <button type="button" class="button primary" onClick={() => setStep({ name: "password" })}>
            Use an authenticator app
          </button>
        )}
      </div>
      {step.name === "password" && (
        <Dialog title="Use an authenticator app" onClose={close}>
          <Form
            submit="Go on"
            onSubmit={async (fields) => {
              const body = { current: String(fields.get("current") ?? "") };
              const secret = await post<SecondFactorSecret>("/account/second-factor", body);
              setStep({ name: "scan", secret });
            }}
          >
            <Current />
          </Form>
        </Dialog>
      )}
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
      {step.name === "codes" && (
        <Dialog title="Keep these recovery codes" onClose={close}>
          <p>
            Each counts once, in the place of a code of the app: for the day when the phone is gone. They are
            shown this once.
          </p>
          <pre>{step.codes.join("\n")}</pre>
          <div class="form-actions">
            <button type="button" class="button primary" onClick={close}>
              I have kept them
            </button>
          </div>
        </Dialog>
      )}
      {step.name === "remove" && (
        <Dialog title="Switch the second factor off" onClose={close}>
          <Form
            submit="Switch it off"
            danger
            onSubmit={async (fields) => {
              await post("/account/second-factor/remove", {
                current: String(fields.get("current") ?? ""),
                code: textOf(fields, "code"),
              });
              close();
              onChange();
            }}
          >
            <Current />
            <Code hint="Of your app, or a recovery code." />
          </Form>
        </Dialog>
      )}
    </div>
  );
}

function Current() {
  return (
    <Field label="Your password">
      <input class="input" type="password" name="current" autocomplete="current-password" required />
    </Field>
  );
}

function Code({ hint }: { readonly hint: string }) {
  return (
    <Field label="Code" hint={hint}>
      <input class="input" name="code" autocomplete="one-time-code" required minLength={6} maxLength={32} />
    </Field>
  );
}
