/** When finished orders leave the busy tables. */
import { ArchiveRuleBody, ArchiveRuleView } from "../../../contract/settings/archive.ts";
import { changeArchiveRule } from "../../../operations/settings/change-archive-rule.ts";
import { countArchived } from "../../../store/archive/archived-names.ts";
import { ARCHIVE_SUBJECT, readArchiveRule } from "../../../store/settings/archive.ts";
import { settingVersion } from "../../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, type Route, route } from "../../http/route.ts";

export const archiveRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/settings/archive",
    summary: "How many days after its end an order stays in the busy tables, and how many have left them",
    access: { kind: "permission", permission: "settings.read" },
    reply: ArchiveRuleView,
    handle: async (call) => ({ json: await archiveRule(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/settings/archive",
    summary: "Sets how many days after its end an order is archived; 0: never. What is archived stays so",
    access: { kind: "permission", permission: "retention.write" },
    body: ArchiveRuleBody,
    reply: ArchiveRuleView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await changeArchiveRule(call.services.operations, call.body, callerOf(call).by));
      return { json: await archiveRule(call) };
    },
  }),
];

async function archiveRule({ services: { database } }: Call<unknown, unknown>): Promise<ArchiveRuleView> {
  return {
    version: await settingVersion(database, ARCHIVE_SUBJECT),
    ...(await readArchiveRule(database)),
    archived: await countArchived(database),
  };
}
