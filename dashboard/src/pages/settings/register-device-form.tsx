import { useState } from "preact/hooks";
import type { LocationView } from "../../../../contract/catalog.ts";
import type { IssuedDevice } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, post } from "../../api/client.ts";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";

/** What is offered; the gateway decides what there is. */
const PROTOCOLS = {
  robot: ["vda5050-2.1", "vda5050-2.0", "vda5050-3.0"],
  conveyor: ["holdfast-conveyor"],
  rfid_portal: ["zebra-iot-connector", "impinj-iot-device-interface"],
} as const;
type Kind = keyof typeof PROTOCOLS;

export function RegisterDeviceForm({ onDone }: { readonly onDone: (issued: IssuedDevice) => void }) {
  const locations = useResource<Page<LocationView>>("locations", (signal) => get("/locations", {}, signal));
  const [kind, setKind] = useState<Kind>("robot");
  return (
    <Form
      submit="Register the device"
      onSubmit={async (fields, key) => {
        const id = textOf(fields, "id");
        const body = {
          id,
          name: textOf(fields, "name") || id,
          kind,
          locationId: textOf(fields, "location"),
          protocol: textOf(fields, "protocol"),
          settings: settingsOf(textOf(fields, "settings")),
          credentials: textOf(fields, "credentials"),
        };
        onDone(await post<IssuedDevice>("/devices", body, key));
      }}
    >
      <Field label="Id" hint="Its name at the broker; a robot's serial number.">
        <input class="input" name="id" required maxLength={64} pattern="[A-Za-z0-9_.\-]+" />
      </Field>
      <Field label="Name">
        <input class="input" name="name" maxLength={100} />
      </Field>
      <Field label="Kind">
        <select
          class="input"
          value={kind}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            if (chosen in PROTOCOLS) setKind(chosen as Kind);
          }}
        >
          {Object.keys(PROTOCOLS).map((one) => (
            <option key={one} value={one}>
              {words(one)}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Place">
        <select class="input" name="location" required>
          {(locations.data?.items ?? []).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Speaks">
        <select class="input" name="protocol" key={kind}>
          {PROTOCOLS[kind].map((protocol) => (
            <option key={protocol} value={protocol}>
              {protocol}
            </option>
          ))}
        </select>
      </Field>
      <Field label="Settings" hint="Of its kind, as JSON; what is left out is as usual.">
        <textarea class="input" name="settings" rows={2} placeholder='{"manufacturer": "acme"}' />
      </Field>
      <Field label="Signs in with">
        <select class="input" name="credentials">
          <option value="password">A password</option>
          <option value="certificate">A certificate</option>
        </select>
      </Field>
    </Form>
  );
}

function settingsOf(text: string): unknown {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("The settings are not JSON.");
  }
}
