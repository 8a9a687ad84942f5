import type { ArchiveRuleBody } from "../../contract/settings/archive.ts";
import { ARCHIVE_SUBJECT, readArchiveRule, writeArchiveRule } from "../../store/settings/archive.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/** Sets when finished orders leave the busy tables. The next look goes by it, in every process. */
export async function changeArchiveRule(
  context: OperationContext,
  { version, days }: ArchiveRuleBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting(context, {
    subject: ARCHIVE_SUBJECT,
    version,
    by,
    read: readArchiveRule,
    next: () => ({ days }),
    write: writeArchiveRule,
  });
}
