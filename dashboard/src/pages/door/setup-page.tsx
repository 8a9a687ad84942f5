import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { SetUp, SetupBody } from "../../../../contract/company.ts";
import { post } from "../../api/client.ts";
import { RequestError } from "../../api/problem.ts";
import { restoreSession } from "../../api/sign-in.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Notice } from "../../components/notice.tsx";
import { useInterval } from "../../live/use-interval.ts";
import { DoorPage } from "./door-page.tsx";
import { NewPasswordFields, newPasswordOf } from "./new-password-fields.tsx";

const LEAST_CHARACTERS = 12;
const LOOK_MS = 1_000;

/** What an empty system has to be told before it works: whose it is, who rules it, and where it sends from. */
export function SetupPage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const [made, setMade] = useState<string | null>(null);
  const { route } = useLocation();
  useEffect(() => {
    document.title = "Set up · Holdfast";
    // Without the token, and where who is signed in afterwards begins.
    route("/", true);
  }, []);
  return (
    <DoorPage title="Set Holdfast up" wide>
      {made === null ? <SetupForm token={token} onDone={setMade} /> : <Starting email={made} />}
    </DoorPage>
  );
}

function SetupForm({
  token,
  onDone,
}: {
  readonly token: string;
  readonly onDone: (administrator: string) => void;
}) {
  return (
    <Form
      submit="Set up"
      onSubmit={async (fields) => {
        const body = setupOf(fields);
        try {
          onDone((await post<SetUp>("/setup", body)).administrator);
        } catch (error) {
          // Somebody was quicker, or the first answer was lost: there is a system now.
          if (!(error instanceof RequestError && error.code === "already_set_up")) throw error;
          onDone(body.administrator.email);
        }
      }}
    >
      <p class="muted">Nothing is set up yet. This is done once.</p>
      <Field label="Token" hint="The process shows it in its log or on its terminal.">
        <input class="input" name="token" required autocomplete="off" defaultValue={token} />
      </Field>
      <fieldset class="fieldset">
        <legend>Company</legend>
        <Field label="Name of the company">
          <input class="input" name="company" required maxLength={100} autocomplete="organization" />
        </Field>
        <div class="form-pair">
          <Field label="Time zone" hint="Where its days begin.">
            <select class="select" name="timeZone">
              {timeZones().map((zone) => (
                <option key={zone} value={zone} selected={zone === ownTimeZone()}>
                  {zone}
                </option>
              ))}
            </select>
          </Field>
          <Field label="Currency" hint="ISO 4217, such as EUR.">
            <input class="input" name="currency" required pattern="[A-Za-z]{3}" maxLength={3} />
          </Field>
        </div>
      </fieldset>
      <fieldset class="fieldset">
        <legend>First administrator</legend>
        <Field label="Your name">
          <input class="input" name="name" required maxLength={100} autocomplete="name" />
        </Field>
        <Field label="Email" hint="You sign in with it.">
          <input class="input" type="email" name="email" required autocomplete="username" />
        </Field>
        <NewPasswordFields least={LEAST_CHARACTERS} />
      </fieldset>
      <fieldset class="fieldset">
        <legend>First location</legend>
        <Field label="Name of the location">
          <input class="input" name="location" required maxLength={100} />
        </Field>
        <Field label="What it is">
          <select class="select" name="kind">
            <option value="fulfillment_center">Fulfillment center</option>
            <option value="store">Store</option>
          </select>
        </Field>
        <Field label="Street and number">
          <input class="input" name="line1" required maxLength={200} autocomplete="address-line1" />
        </Field>
        <div class="form-pair">
          <Field label="Town">
            <input class="input" name="city" required maxLength={100} autocomplete="address-level2" />
          </Field>
          <Field label="Postal code">
            <input class="input" name="postalCode" maxLength={32} autocomplete="postal-code" />
          </Field>
        </div>
        <div class="form-pair">
          <Field label="State or region">
            <input class="input" name="region" maxLength={100} autocomplete="address-level1" />
          </Field>
          <Field label="Country" hint="Two letters, such as US.">
            <input class="input" name="country" required pattern="[A-Za-z]{2}" maxLength={2} />
          </Field>
        </div>
      </fieldset>
    </Form>
  );
}

/** The process goes on to work by itself; until it answers as a whole, there is nothing to sign in to. */
function Starting({ email }: { readonly email: string }) {
  useInterval(LOOK_MS, () => {
    // Whatever does not answer yet is asked again.
    restoreSession().catch(() => {});
  });
  return <Notice tone="good">It is set up. Holdfast starts now; then {email} signs in.</Notice>;
}

function setupOf(fields: FormData): SetupBody {
  const optional = (name: "region" | "postalCode") => {
    const value = textOf(fields, name);
    return value === "" ? {} : { [name]: value };
  };
  return {
    token: textOf(fields, "token"),
    company: {
      name: textOf(fields, "company"),
      timeZone: textOf(fields, "timeZone"),
      currency: textOf(fields, "currency").toUpperCase(),
    },
    administrator: {
      name: textOf(fields, "name"),
      email: textOf(fields, "email"),
      password: newPasswordOf(fields),
    },
    location: {
      name: textOf(fields, "location"),
      kind: textOf(fields, "kind") === "store" ? "store" : "fulfillment_center",
      line1: textOf(fields, "line1"),
      city: textOf(fields, "city"),
      country: textOf(fields, "country").toUpperCase(),
      ...optional("region"),
      ...optional("postalCode"),
    },
  };
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Those that the browser knows, with its own: its list leaves some names out. */
function timeZones(): readonly string[] {
  return [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", ownTimeZone()])].sort();
}
