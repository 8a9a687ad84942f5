/** Locations that are not there are made, those that are other are changed. */
import { Compile } from "typebox/compile";
import { CreateLocationBody } from "../../../contract/locations.ts";
import { locationSubject, locationsAmong, readLocation } from "../../../store/catalog/locations.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { changeLocation, followLocations, storeNewLocation } from "../../settings/change-location.ts";
import type { LocationItem } from "../../tables/entry.ts";
import { type Bookable, type Booker, type Decision, faultOf, turnedAway } from "../booker.ts";

const checker = Compile(CreateLocationBody);

export const locations: Booker<LocationItem> = {
  kind: "locations",
  decide: async ({ context }, entries) => {
    const decisions: Decision[] = [];
    const there = await locationsAmong(
      context.database,
      entries.map(({ key }) => key),
    );
    for (const entry of entries) {
      const body = bodyOf(entry);
      if (!checker.Check(body)) {
        const [first] = checker.Errors(body);
        const field = first?.instancePath.split("/").at(-1) ?? null;
        decisions.push(turnedAway(entry, field, "location_settings_invalid", first?.message ?? "a location"));
        continue;
      }
      const known = there.has(entry.key) ? await readLocation(context.database, entry.key) : undefined;
      if (known === undefined) {
        decisions.push({ do: "book", plan: { as: "created" } });
        continue;
      }
      const now: Readonly<Record<string, unknown>> = known.settings;
      const isSame = Object.entries(body).every(
        ([name, value]) => name === "id" || sameText(now[name]) === sameText(value),
      );
      decisions.push(isSame ? { do: "skip" } : { do: "book", plan: { as: "changed" } });
    }
    return decisions;
  },
  book: async ({ context, companyId, starter }, entries, plans) => {
    const faults = [];
    for (const [index, entry] of entries.entries()) {
      const { id, ...body } = bodyOf(entry) as CreateLocationBody;
      const isChange = plans[index]?.["as"] === "changed";
      let done = isChange
        ? null
        : await storeNewLocation(context, { body: { id, ...body }, companyId, by: starter.by });
      // Made by the first run of this very row, before it could be written down.
      if (done === null || (done.status === "refused" && done.code === "location_exists")) {
        const version = await settingVersion(context.database, locationSubject(id));
        done = await changeLocation(context, id, { version, ...body }, starter.by);
      }
      faults.push(done.status === "refused" ? faultOf(entry, done) : null);
    }
    // Once: all locations are read for it.
    await followLocations(context);
    return faults;
  },
};

const TOP = ["name", "kind", "latitude", "longitude", "timeZone", "priority"] as const;

function bodyOf({ item }: Bookable<LocationItem>): object {
  const said = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));
  return {
    id: item["id"],
    ...said(TOP),
    address: {
      name: item["name"],
      ...said(["line1", "line2", "city", "region", "postalCode", "country"]),
    },
  };
}

/** An address has no order of its fields. */
function sameText(value: unknown): string {
  return typeof value === "object" && value !== null
    ? JSON.stringify(
        Object.entries(value)
          .filter(([, each]) => each !== undefined && each !== "")
          .sort(),
      )
    : JSON.stringify(value ?? null);
}
