import { useState } from "preact/hooks";
import type { DeviceDetail, DeviceView, IssuedDevice } from "../../../../contract/devices.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { EditDeviceDialog } from "./edit-device-dialog.tsx";
import { RegisterDeviceForm } from "./register-device-form.tsx";

/** The devices that are registered: new ones, changed, new passwords, switched off and on. */
export function DeviceList() {
  const devices = useResource<Page<DeviceView>>("registered devices", (signal) =>
    get("/devices", {}, signal),
  );
  const [issued, setIssued] = useState<IssuedDevice | null>(null);
  const [edited, setEdited] = useState<string | null>(null);
  const show = (answer: IssuedDevice): void => {
    setIssued(answer);
    devices.reload();
  };
  return (
    <>
      {may("devices.write") && (
        <Panel title="Register a device">
          <RegisterDeviceForm onDone={show} />
        </Panel>
      )}
      <Panel title="Registered devices" flush>
        <Loaded resource={devices} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="devices" title="No devices" />
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Device</th>
                    <th scope="col">Speaks</th>
                    <th scope="col">State</th>
                    <th scope="col">
                      <span class="visually-hidden">What can be done</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((device) => (
                    <DeviceRow
                      key={device.id}
                      device={device}
                      onEdit={() => setEdited(device.id)}
                      onIssued={show}
                      onChanged={devices.reload}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      {edited !== null && (
        <EditDeviceDialog
          id={edited}
          onClose={() => setEdited(null)}
          onSaved={(news) => {
            setEdited(null);
            setIssued(news);
            devices.reload();
          }}
        />
      )}
      {issued !== null && <IssuedDialog issued={issued} onClose={() => setIssued(null)} />}
    </>
  );
}

function DeviceRow({
  device,
  onEdit,
  onIssued,
  onChanged,
}: {
  readonly device: DeviceView;
  readonly onEdit: () => void;
  readonly onIssued: (answer: IssuedDevice) => void;
  readonly onChanged: () => void;
}) {
  const { id, enabled } = device;
  const act = (action: string): string => `${pathOf("devices", id)}/${action}`;
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{device.name}</div>
          <div class="cell-sub">
            <code>{id}</code>, {words(device.kind)} at {device.locationId}
          </div>
        </div>
      </td>
      <td data-label="Speaks">{device.protocol}</td>
      <td data-label="State">
        {enabled ? (
          <Badge status={device.connection} />
        ) : (
          <Badge status="disabled" label="Switched off" tone="warn" />
        )}
      </td>
      <td>
        {may("devices.write") && (
          <>
            <button type="button" class="button quiet small" onClick={onEdit}>
              Change<span class="visually-hidden"> {id}</span>
            </button>
            <ActionButton
              class="button quiet small"
              run={async () => onIssued(await post<IssuedDevice>(act("rotate"), {}))}
            >
              New password<span class="visually-hidden"> for {id}</span>
            </ActionButton>
            <ActionButton
              class="button quiet small"
              run={async () => {
                await post<DeviceDetail>(act(enabled ? "disable" : "enable"), {});
                onChanged();
              }}
            >
              Switch {enabled ? "off" : "on"}
              <span class="visually-hidden"> {id}</span>
            </ActionButton>
          </>
        )}
      </td>
    </tr>
  );
}

/** The one time that a secret is to be seen. */
function IssuedDialog({ issued, onClose }: { readonly issued: IssuedDevice; readonly onClose: () => void }) {
  const { device, secret, acl } = issued;
  return (
    <Dialog title={`What the broker has to know of ${device.name}`} onClose={onClose}>
      {secret !== null && (
        <>
          <p>The password of {device.id}. It is shown this once: nothing keeps it.</p>
          <pre>{secret}</pre>
        </>
      )}
      {acl.mosquitto.passwordLine !== null && (
        <>
          <p>Line for mosquitto's password file:</p>
          <pre>{acl.mosquitto.passwordLine}</pre>
        </>
      )}
      <p>Lines for its access list:</p>
      <pre>{acl.mosquitto.acl}</pre>
    </Dialog>
  );
}
