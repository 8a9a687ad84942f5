/**
 * One change of one setting: whoever saw an older version than there is now is refused, and who changed what
 * is kept in the commit that changes it, as the setting's history and in the audit log.
 *
 * What would change nothing is done already, whatever version it was made from: a repeat after a lost answer
 * is no conflict with itself.
 */
import type { FieldChange } from "../../contract/settings.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { lockSetting, recordSettingChange } from "../../store/settings/setting-changes.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

export type SettingChanged = { readonly status: "done"; readonly version: number };

type Fields = Readonly<Record<string, unknown>>;

export async function changeSetting<Value extends Fields>(
  context: Pick<OperationContext, "database" | "caller">,
  change: {
    readonly subject: string;
    /** That the caller has seen; null: the change is to count whatever there is. */
    readonly version: number | null;
    readonly by: string;
    /** What there is now, read in the transaction that changes it. */
    readonly read: (client: DatabaseClient) => Promise<Value | Refusal>;
    readonly next: (now: Value) => Value | Refusal;
    readonly write: (client: DatabaseClient, next: Value) => Promise<void>;
  },
): Promise<SettingChanged | Refusal> {
  return inTransaction(context.database, async (client) => {
    const version = await lockSetting(client, change.subject);
    const now = await change.read(client);
    if (isRefusal(now)) return now;
    const next = change.next(now);
    if (isRefusal(next)) return next;
    const changes = changesBetween(now, next);
    if (changes.length === 0) return { status: "done", version };
    if (change.version !== null && change.version !== version)
      return refuse(
        "setting_changed",
        `Somebody has changed it since: it is at version ${version}, and this was made from ${change.version}.`,
      );
    await change.write(client, next);
    await recordSettingChange(client, {
      subject: change.subject,
      version: version + 1,
      by: change.by,
      changes,
    });
    await recordAudit(client, callerIn(context, change.by), {
      act: "setting.changed",
      subject: change.subject,
      before: Object.fromEntries(changes.map(({ field, from }) => [field, from])),
      after: Object.fromEntries(changes.map(({ field, to }) => [field, to])),
    });
    return { status: "done", version: version + 1 };
  });
}

function isRefusal(value: Fields | Refusal): value is Refusal {
  return value["status"] === "refused";
}

function changesBetween(before: Fields, after: Fields): readonly FieldChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const [from, to] = [before[field] ?? null, after[field] ?? null];
    return canonical(from) === canonical(to) ? [] : [{ field, from, to }];
  });
}

/** PostgreSQL keeps the keys of an object in an order of its own. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
