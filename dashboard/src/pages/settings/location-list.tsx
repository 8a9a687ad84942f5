import { useState } from "preact/hooks";
import type { LocationClosed, LocationView } from "../../../../contract/catalog.ts";
import type { ChangeLocationBody, LocationDetail } from "../../../../contract/locations.ts";
import type { Page } from "../../../../contract/shapes.ts";
import { get, patch, pathOf, post } from "../../api/client.ts";
import { may } from "../../api/session.ts";
import { ActionButton } from "../../components/action-button.tsx";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Form, textOf } from "../../components/form.tsx";
import { Loaded } from "../../components/loaded.tsx";
import { Panel } from "../../components/panel.tsx";
import { SkeletonRows } from "../../components/skeleton.tsx";
import { toast } from "../../components/toast.tsx";
import { words } from "../../format/words.ts";
import { useResource } from "../../live/resource.ts";
import { useCustomFields } from "../custom-fields/custom-fields.tsx";
import { CustomFieldsForm } from "../custom-fields/custom-fields-form.tsx";
import { LocationFields, locationSettings } from "./location-fields.tsx";
import { SettingForm } from "./setting-form.tsx";

/** Every location: made, changed, closed and opened. */
export function LocationList() {
  const locations = useResource<Page<LocationView>>("all locations", (signal) =>
    get("/locations", { state: "all" }, signal),
  );
  const [edited, setEdited] = useState<string | null>(null);
  const [isAdding, setAdding] = useState(false);
  return (
    <>
      <Panel
        title="Locations"
        flush
        aside={
          may("locations.write") && (
            <button type="button" class="button small" onClick={() => setAdding(true)}>
              Add a location
            </button>
          )
        }
      >
        <Loaded resource={locations} skeleton={<SkeletonRows rows={4} />}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="settings" title="There are no locations yet" />
            ) : (
              <table class="table stack">
                <thead>
                  <tr>
                    <th scope="col">Location</th>
                    <th scope="col">Kind</th>
                    <th scope="col">State</th>
                    <th scope="col">
                      <span class="visually-hidden">What can be done</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((location) => (
                    <LocationRow
                      key={location.id}
                      location={location}
                      onEdit={() => setEdited(location.id)}
                      onChanged={locations.reload}
                    />
                  ))}
                </tbody>
              </table>
            )
          }
        </Loaded>
      </Panel>
      {edited !== null && (
        <EditLocationDialog
          id={edited}
          onClose={() => setEdited(null)}
          onSaved={() => {
            setEdited(null);
            locations.reload();
          }}
        />
      )}
      {isAdding && (
        <AddLocationDialog
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            locations.reload();
          }}
        />
      )}
    </>
  );
}

function LocationRow({
  location,
  onEdit,
  onChanged,
}: {
  readonly location: LocationView;
  readonly onEdit: () => void;
  readonly onChanged: () => void;
}) {
  const { id, name, active, city, country } = location;
  const [asksToClose, setAsksToClose] = useState(false);
  return (
    <tr>
      <td class="full">
        <div>
          <div class="cell-title">{name}</div>
          <div class="cell-sub">
            <code>{id}</code>, {city} {country}
          </div>
        </div>
      </td>
      <td data-label="Kind">{words(location.kind)}</td>
      <td data-label="State">
        {active ? (
          <Badge status="open" label="Open" tone="good" />
        ) : (
          <Badge status="closed" label="Closed" tone="warn" />
        )}
      </td>
      <td>
        <button type="button" class="button quiet small" onClick={onEdit}>
          {may("locations.write") ? "Change" : "Show"}
          <span class="visually-hidden"> {id}</span>
        </button>
        {may("locations.write") &&
          (active ? (
            <button type="button" class="button quiet small" onClick={() => setAsksToClose(true)}>
              Close<span class="visually-hidden"> {id}</span>
            </button>
          ) : (
            <ActionButton
              class="button quiet small"
              run={async () => {
                await post(`${pathOf("locations", id)}/open`, {});
                onChanged();
              }}
            >
              Open<span class="visually-hidden"> {id}</span>
            </ActionButton>
          ))}
        {asksToClose && (
          <CloseDialog
            location={location}
            onClose={() => setAsksToClose(false)}
            onDone={() => {
              setAsksToClose(false);
              onChanged();
            }}
          />
        )}
      </td>
    </tr>
  );
}

function CloseDialog({
  location: { id, name },
  onClose,
  onDone,
}: {
  readonly location: LocationView;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title={`Close ${name}`} onClose={onClose}>
      <Form
        submit="Close it"
        danger
        onSubmit={async (_, key) => {
          const { givenUp, goingOn } = await post<LocationClosed>(
            `${pathOf("locations", id)}/close`,
            {},
            key,
          );
          toast(
            "good",
            `${name} is closed. ${givenUp.length} parts of orders come from elsewhere, ${goingOn.length} still leave from there.`,
          );
          onDone();
        }}
      >
        <p>
          It serves no orders from now on. What nobody has picked there yet comes from elsewhere; what is in
          totes and parcels already still leaves from there.
        </p>
      </Form>
    </Dialog>
  );
}

function EditLocationDialog({
  id,
  onClose,
  onSaved,
}: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const path = pathOf("locations", id);
  const location = useResource<LocationDetail>(path, (signal) => get(path, {}, signal));
  const fields = useCustomFields("location");
  return (
    <Dialog title={id} onClose={onClose}>
      <Loaded resource={location} skeleton={<SkeletonRows rows={6} />}>
        {(now) => (
          <>
            <SettingForm
              key={now.version}
              needs="locations.write"
              submit="Save the location"
              onReload={location.reload}
              save={async (fields, key) => {
                const { name: _, ...address } = now.address;
                const body: ChangeLocationBody = {
                  version: now.version,
                  ...locationSettings(fields, address),
                };
                await patch<LocationDetail>(path, body, key);
                onSaved();
              }}
            >
              {now.openCapacity !== null && (
                <p class="muted">Today it can take on {now.openCapacity} parcels more.</p>
              )}
              <LocationFields now={now} />
            </SettingForm>
            {fields.some(({ active }) => active) && may("locations.write") && (
              <section>
                <h3>Custom fields</h3>
                <CustomFieldsForm
                  path={path}
                  fields={fields}
                  values={now.customFields}
                  onDone={location.reload}
                />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function AddLocationDialog({
  onClose,
  onDone,
}: {
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  return (
    <Dialog title="Add a location" onClose={onClose}>
      <Form
        submit="Add the location"
        onSubmit={async (fields, key) => {
          const body = { id: textOf(fields, "id"), ...locationSettings(fields, {}) };
          await post<LocationDetail>("/locations", body, key);
          toast("good", `${body.name} is open: orders are served from it from now on.`);
          onDone();
        }}
      >
        <Field label="Id" hint="Its devices' topics begin with it. It stays.">
          <input class="input" name="id" required maxLength={64} pattern="[a-z0-9][a-z0-9_\-]*" />
        </Field>
        <LocationFields now={null} />
      </Form>
    </Dialog>
  );
}
