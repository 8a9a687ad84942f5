/** Days on which locations do not work, kept once for many of them. */
import { HolidaysBody, HolidaysView } from "../../../contract/settings/holidays.ts";
import { changeHolidays } from "../../../operations/settings/change-holidays.ts";
import { holidaysSubject, readHolidays } from "../../../store/settings/holidays.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, type Route, route } from "../../http/route.ts";

export const holidayRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/holidays",
    summary: "Days on which locations do not work, beside those of each location's own",
    access: { kind: "permission", permission: "settings.read" },
    reply: HolidaysView,
    handle: async (call) => ({ json: await holidaysOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/holidays",
    summary: "Sets all of them; what is promised already stays as it is",
    access: { kind: "permission", permission: "locations.write" },
    body: HolidaysBody,
    reply: HolidaysView,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await changeHolidays(call.services.operations, companyId, call.body, by));
      return { json: await holidaysOf(call) };
    },
  }),
];

async function holidaysOf(call: Call<unknown, unknown>): Promise<HolidaysView> {
  const { database } = call.services;
  const { companyId } = callerOf(call);
  return {
    version: await settingVersion(database, holidaysSubject(companyId)),
    holidays: [...(await readHolidays(database, companyId))],
  };
}
