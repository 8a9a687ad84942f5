import type { RetentionBody } from "../../contract/personal-data.ts";
import { RETENTION_SUBJECT, readRetention, writeRetention } from "../../store/settings/retention.ts";
import type { OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

/**
 * Sets how long personal data is kept; what is left out stays as it is. The next look goes by it, in every
 * process.
 */
export async function changeRetention(
  context: OperationContext,
  { version, ...days }: RetentionBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting(context, {
    subject: RETENTION_SUBJECT,
    version,
    by,
    read: readRetention,
    next: (now) => ({ ...now, ...days }),
    write: writeRetention,
  });
}
