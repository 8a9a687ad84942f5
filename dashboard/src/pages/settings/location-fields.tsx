/** The fields of a location, for a new one and for one that is changed. */
import { useState } from "preact/hooks";
import type { LocationDetail, LocationHours } from "../../../../contract/locations.ts";
import { Field } from "../../components/field.tsx";
import { textOf } from "../../components/form.tsx";
import { LOCATION_KINDS, WEEKDAYS } from "../../format/setting-words.ts";
import { shortTime, zoneOfPlace } from "../../format/time.ts";
import { clock } from "../../live/clock.ts";
import { Choice } from "./setting-form.tsx";

const TIME = "([01]\\d|2[0-3]):[0-5]\\d|24:00";

type Address = LocationDetail["address"];

/** @param now the location as it is; null: it is made */
export function LocationFields({ now }: { readonly now: LocationDetail | null }) {
  const address: Partial<Address> = now?.address ?? {};
  return (
    <>
      <div class="form-pair">
        <Field label="Name">
          <input class="input" name="name" required maxLength={100} defaultValue={now?.name ?? ""} />
        </Field>
        <Field label="Kind">
          <Choice name="kind" words={LOCATION_KINDS} value={now?.kind ?? "fulfillment_center"} />
        </Field>
      </div>
      <div class="form-pair">
        <Text name="line1" label="Street and number" value={address.line1} required />
        <Text name="line2" label="Second line" value={address.line2} />
      </div>
      <div class="form-pair">
        <Text name="postalCode" label="Postal code" value={address.postalCode} />
        <Text name="city" label="City" value={address.city} required />
      </div>
      <div class="form-pair">
        <Text name="region" label="State or province" value={address.region} />
        <Text name="country" label="Country, two letters" value={address.country} required />
      </div>
      <div class="form-pair">
        <Text name="phone" label="Phone for carriers" value={address.phone} />
        <Field label="Time zone" hint="Empty: local time by longitude.">
          <input
            class="input"
            name="timeZone"
            list="time-zones"
            maxLength={64}
            placeholder="Europe/Berlin"
            defaultValue={now?.timeZone ?? ""}
          />
        </Field>
        <datalist id="time-zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      </div>
      {now !== null && <PlaceClock place={now} />}
      <WeekFields hours={now?.hours ?? null} />
      <div class="form-pair">
        <Field label="Cut-off" hint="Ordered later, it leaves a day later. Empty: 14:00.">
          <input
            class="input"
            name="cutOff"
            pattern={TIME}
            placeholder="14:00"
            defaultValue={now?.cutOff ?? ""}
          />
        </Field>
        <Field label="Lead time, days" hint="That an order needs before it leaves.">
          <Count name="leadTimeDays" value={now?.leadTimeDays ?? 0} most={365} required />
        </Field>
      </div>
      <Field
        label="Holidays and other days on which it does not work"
        hint="A day a line, such as 2026-12-25."
      >
        <textarea class="input" name="closedOn" rows={3} defaultValue={(now?.closedOn ?? []).join("\n")} />
      </Field>
      <div class="form-pair">
        <Field label="Parcels that it sends in a day" hint="Empty: no limit.">
          <Count name="dailyCapacity" value={now?.dailyCapacity ?? null} most={10_000_000} />
        </Field>
        <Field label="Priority" hint="Lower is preferred where all else is equal.">
          <Count name="priority" value={now?.priority ?? 100} most={1_000_000} required />
        </Field>
      </div>
      <details>
        <summary>What sourcing reckons with</summary>
        <div class="form-pair">
          <Field label="Latitude" hint={now === null ? "Empty: the middle of its state or country." : ""}>
            <Degrees name="latitude" value={now?.latitude} most={90} required={now !== null} />
          </Field>
          <Field label="Longitude">
            <Degrees name="longitude" value={now?.longitude} most={180} required={now !== null} />
          </Field>
        </div>
        <div class="form-pair">
          <Field label="A parcel costs, minor units">
            <Count name="parcelCostMinor" value={now?.parcelCostMinor ?? 0} most={1_000_000_000} required />
          </Field>
          <Field label="A unit costs, minor units">
            <Count name="unitCostMinor" value={now?.unitCostMinor ?? 0} most={1_000_000_000} required />
          </Field>
        </div>
        <Field label="A parcel costs for each kilometer, minor units">
          <input
            class="input"
            name="costPerKmMinor"
            type="number"
            min="0"
            max="1000000"
            step="any"
            required
            defaultValue={String(now?.costPerKmMinor ?? 0)}
          />
        </Field>
      </details>
    </>
  );
}

/** What the fields say, for a new location and for a change. @param address as it is: what the form lacks stays */
export function locationSettings(fields: FormData, address: Partial<Address>) {
  const optional = (name: string): string | null => textOf(fields, name) || null;
  const number = (name: string): number | null =>
    textOf(fields, name) === "" ? null : Number(textOf(fields, name));
  const [latitude, longitude] = [number("latitude"), number("longitude")];
  const name = textOf(fields, "name");
  const parts = ["line1", "line2", "postalCode", "city", "region", "country", "phone"].map((part) => [
    part,
    textOf(fields, part) || undefined,
  ]);
  return {
    name,
    kind: textOf(fields, "kind") as LocationDetail["kind"],
    address: withoutNothing({ name, ...address, ...Object.fromEntries(parts) }) as unknown as Address,
    timeZone: optional("timeZone"),
    hours: fields.has("ownHours") ? hoursOf(fields) : null,
    cutOff: optional("cutOff"),
    leadTimeDays: number("leadTimeDays") ?? 0,
    closedOn: textOf(fields, "closedOn")
      .split(/[\s,;]+/)
      .filter((day) => day !== ""),
    dailyCapacity: number("dailyCapacity"),
    priority: number("priority") ?? 0,
    ...(latitude === null ? {} : { latitude }),
    ...(longitude === null ? {} : { longitude }),
    parcelCostMinor: number("parcelCostMinor") ?? 0,
    unitCostMinor: number("unitCostMinor") ?? 0,
    costPerKmMinor: number("costPerKmMinor") ?? 0,
  };
}

/** By which clock the hours and cut-offs below are meant. */
function PlaceClock({ place }: { readonly place: LocationDetail }) {
  const { zone, words } = zoneOfPlace(place);
  return (
    <p class="muted small">
      Hours, cut-offs and days are the location's own ({words}). It is{" "}
      {shortTime(new Date(clock.value).toISOString(), zone)} there now.
    </p>
  );
}

function hoursOf(fields: FormData): LocationHours[] {
  return WEEKDAYS.flatMap(({ day }) =>
    fields.has(`works ${day}`)
      ? [
          {
            day,
            opens: textOf(fields, `opens ${day}`),
            closes: textOf(fields, `closes ${day}`),
            cutOff: textOf(fields, `cutOff ${day}`) || null,
          },
        ]
      : [],
  );
}

function WeekFields({ hours }: { readonly hours: LocationDetail["hours"] }) {
  const [own, setOwn] = useState(hours !== null);
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          name="ownHours"
          checked={own}
          onChange={(event) => setOwn(event.currentTarget.checked)}
        />{" "}
        It has hours of its own; without them it works Monday to Friday
      </label>
      {own && (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Works on</th>
              <th scope="col">Opens</th>
              <th scope="col">Closes</th>
              <th scope="col">Cut-off</th>
            </tr>
          </thead>
          <tbody>
            {WEEKDAYS.map(({ day, name }) => (
              <DayRow
                key={day}
                day={day}
                name={name}
                hours={hours?.find((each) => each.day === day) ?? null}
                isNew={hours === null}
              />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function DayRow({
  day,
  name,
  hours,
  isNew,
}: {
  readonly day: LocationHours["day"];
  readonly name: string;
  readonly hours: LocationHours | null;
  /** The week has not been set before: the usual one is offered. */
  readonly isNew: boolean;
}) {
  const [works, setWorks] = useState(hours !== null || (isNew && day !== "sat" && day !== "sun"));
  const time = (field: "opens" | "closes" | "cutOff", value: string, label: string) => (
    <td>
      <input
        class="input"
        name={`${field} ${day}`}
        aria-label={`${name}, ${label}`}
        pattern={TIME}
        placeholder="hh:mm"
        size={5}
        disabled={!works}
        required={works && field !== "cutOff"}
        defaultValue={value}
      />
    </td>
  );
  return (
    <tr>
      <td>
        <label class="check">
          <input
            type="checkbox"
            name={`works ${day}`}
            checked={works}
            onChange={(event) => setWorks(event.currentTarget.checked)}
          />{" "}
          {name}
        </label>
      </td>
      {time("opens", hours?.opens ?? "09:00", "opens")}
      {time("closes", hours?.closes ?? "18:00", "closes")}
      {time("cutOff", hours?.cutOff ?? "", "cut-off")}
    </tr>
  );
}

function Text({
  name,
  label,
  value,
  required = false,
}: {
  readonly name: string;
  readonly label: string;
  readonly value: string | undefined;
  readonly required?: boolean;
}) {
  return (
    <Field label={label}>
      <input class="input" name={name} required={required} maxLength={200} defaultValue={value ?? ""} />
    </Field>
  );
}

function Count({
  name,
  value,
  most,
  required = false,
}: {
  readonly name: string;
  readonly value: number | null;
  readonly most: number;
  readonly required?: boolean;
}) {
  return (
    <input
      class="input"
      name={name}
      type="number"
      min="0"
      max={String(most)}
      required={required}
      defaultValue={value === null ? "" : String(value)}
    />
  );
}

function Degrees({
  name,
  value,
  most,
  required,
}: {
  readonly name: string;
  readonly value: number | undefined;
  readonly most: number;
  readonly required: boolean;
}) {
  return (
    <input
      class="input"
      name={name}
      type="number"
      min={String(-most)}
      max={String(most)}
      step="any"
      required={required}
      defaultValue={value === undefined ? "" : String(value)}
    />
  );
}

function withoutNothing(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
