/** Days on which locations do not work, kept once for many of them. */
import { useState } from "preact/hooks";
import type { LocationView } from "../../../../../contract/catalog.ts";
import type { HolidaysView } from "../../../../../contract/settings/holidays.ts";
import type { Page } from "../../../../../contract/shapes.ts";
import { get, post } from "../../../api/client.ts";
import { may } from "../../../api/session.ts";
import { Field } from "../../../components/field.tsx";
import { Icon } from "../../../components/icon.tsx";
import { Loaded } from "../../../components/loaded.tsx";
import { Panel } from "../../../components/panel.tsx";
import { SkeletonRows } from "../../../components/skeleton.tsx";
import { useResource } from "../../../live/resource.ts";
import { SettingForm } from "../setting-form.tsx";

const PATH = "/holidays";

type Row = { readonly key: number; readonly day: string; readonly name: string; readonly at: string };
type Loads = { readonly now: HolidaysView; readonly places: readonly LocationView[] };

export function HolidaysForm() {
  const loads = useResource<Loads>("holidays", async (signal) => {
    const [now, places] = await Promise.all([
      get<HolidaysView>(PATH, {}, signal),
      get<Page<LocationView>>("/locations", {}, signal),
    ]);
    return { now, places: places.items };
  });
  return (
    <Loaded resource={loads} skeleton={<SkeletonRows rows={6} />}>
      {({ now, places }) => (
        <Panel title="Holidays">
          <Editor
            key={now.version}
            now={now}
            places={places}
            onReload={loads.reload}
            onSaved={(saved) => loads.replace((before) => ({ ...before, now: saved }))}
          />
        </Panel>
      )}
    </Loaded>
  );
}

function Editor({
  now,
  places,
  onReload,
  onSaved,
}: {
  readonly now: HolidaysView;
  readonly places: readonly LocationView[];
  readonly onReload: () => void;
  readonly onSaved: (saved: HolidaysView) => void;
}) {
  const [rows, setRows] = useState<readonly Row[]>(() =>
    now.holidays.map(({ day, name, locations }, key) => ({
      key,
      day,
      name,
      at: (locations ?? []).join(", "),
    })),
  );
  const change = (key: number, part: Partial<Row>): void =>
    setRows((before) => before.map((row) => (row.key === key ? { ...row, ...part } : row)));
  return (
    <SettingForm
      needs="locations.write"
      submit="Save the holidays"
      onReload={onReload}
      save={async (_fields, key) => {
        const holidays = rows.map(({ day, name, at }) => {
          const locations = at
            .split(",")
            .map((id) => id.trim())
            .filter((id) => id !== "");
          return { day, name: name.trim(), locations: locations.length === 0 ? null : locations };
        });
        onSaved(await post<HolidaysView>(PATH, { version: now.version, holidays }, key));
      }}
    >
      <p class="muted">
        Nothing leaves a location on these days, and no promise counts them. It counts for orders that come
        from then on; a location may have more days of its own. Locations:{" "}
        {places.map(({ id }) => id).join(", ")}.
      </p>
      {rows.map(({ key, day, name, at }, index) => (
        <fieldset class="fieldset" key={key}>
          <legend class="visually-hidden">Day {index + 1}</legend>
          <Field label={`Day ${index + 1}`}>
            <input
              class="input"
              type="date"
              required
              value={day}
              onInput={(event) => change(key, { day: event.currentTarget.value })}
            />
          </Field>
          <Field label={`Name of day ${index + 1}`}>
            <input
              class="input"
              required
              maxLength={100}
              value={name}
              onInput={(event) => change(key, { name: event.currentTarget.value })}
            />
          </Field>
          <Field label={`Only at, day ${index + 1}`} hint="Ids with commas between them. Empty: everywhere.">
            <input
              class="input"
              value={at}
              onInput={(event) => change(key, { at: event.currentTarget.value })}
            />
          </Field>
          {may("locations.write") && (
            <button
              type="button"
              class="button quiet small"
              onClick={() => setRows((before) => before.filter((row) => row.key !== key))}
            >
              Take away<span class="visually-hidden"> day {index + 1}</span>
            </button>
          )}
        </fieldset>
      ))}
      <div>
        <button
          type="button"
          class="button small quiet"
          onClick={() =>
            setRows((before) => [
              ...before,
              { key: Math.max(-1, ...before.map((row) => row.key)) + 1, day: "", name: "", at: "" },
            ])
          }
        >
          <Icon name="plus" />
          Another day
        </button>
      </div>
    </SettingForm>
  );
}
