import type { ParcelLimitsBody } from "../../contract/settings.ts";
import {
  parcelLimitsSubject,
  readParcelLimits,
  writeParcelLimits,
} from "../../store/settings/parcel-limits.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** The company, and each of its places, as fields of one setting. */
type Limits = Readonly<Record<string, number | null>>;

const OF_COMPANY = "company";
const ofPlace = (location: string): string => `at ${location}`;

/**
 * Sets what one parcel may weigh: for what goes to the floor, is merged or combined from now on, in every
 * process. What is on the floor already stays as it is.
 */
export async function changeParcelLimits(
  context: OperationContext,
  companyId: string,
  { version, company, places = [] }: ParcelLimitsBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  const twice = places.find(({ location }, index) =>
    places.some((other, at) => at < index && other.location === location),
  );
  if (twice !== undefined)
    return refuse("parcel_limits_invalid", `Two limits are given for "${twice.location}".`);
  return changeSetting<Limits>(context, {
    subject: parcelLimitsSubject(companyId),
    version,
    by,
    read: async (client) => {
      const now = await readParcelLimits(client, companyId);
      const unknown = places.find(({ location }) => !now.places.some((known) => known.location === location));
      return unknown === undefined
        ? Object.fromEntries([
            [OF_COMPANY, now.company],
            ...now.places.map(({ location, maxGrams }) => [ofPlace(location), maxGrams] as const),
          ])
        : refuse("location_not_found", `There is no location "${unknown.location}".`);
    },
    next: (now) => ({
      ...now,
      ...(company === undefined ? {} : { [OF_COMPANY]: company }),
      ...Object.fromEntries(places.map(({ location, maxGrams }) => [ofPlace(location), maxGrams])),
    }),
    write: (client, next) =>
      writeParcelLimits(
        client,
        companyId,
        next[OF_COMPANY] ?? null,
        new Map(places.map(({ location, maxGrams }) => [location, maxGrams])),
      ),
  });
}
