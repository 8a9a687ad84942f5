/** A company's own reasons to put an order on hold are made and changed, for every process from the next use on. */
import type { ChangeHoldReasonBody, CreateHoldReasonBody } from "../../contract/settings/hold-reasons.ts";
import { HOLD_CODES } from "../../orders/order.ts";
import { readRole } from "../../store/access/roles.ts";
import {
  holdReasonSubject,
  type OwnHoldReason,
  readHoldReasons,
  writeHoldReason,
} from "../../store/settings/hold-reasons.ts";
import type { Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { changeSetting, type SettingChanged } from "./change-setting.ts";

type Fields = Readonly<Record<string, unknown>>;

export async function createHoldReason(
  context: OperationContext,
  request: { readonly body: CreateHoldReasonBody; readonly companyId: string; readonly by: string },
): Promise<SettingChanged | Refusal> {
  const { companyId, by, body } = request;
  const { code, label, guidance = "", releasedBy = null, keepsStock = true } = body;
  const reason: OwnHoldReason = { code, label, guidance, releasedBy, keepsStock, active: true };
  if (Object.hasOwn(HOLD_CODES, code))
    return refuse("hold_reason_exists", `"${code}" is a built-in reason: choose another code.`);
  return changeSetting<Fields>(context, {
    subject: holdReasonSubject(code),
    version: null,
    by,
    read: async (client) =>
      (await find(client, companyId, code)) === undefined
        ? ((await unknownRole(client, releasedBy)) ?? {})
        : refuse(
            "hold_reason_exists",
            `There is a hold reason "${code}" already; one that is off keeps its code.`,
          ),
    next: () => reason,
    write: (client) => writeHoldReason(client, companyId, reason),
  });
}

/** What is left out stays as it is. Orders that wait for the reason go by what it says now. */
export function changeHoldReason(
  context: OperationContext,
  { companyId, code }: { readonly companyId: string; readonly code: string },
  { version, ...body }: ChangeHoldReasonBody,
  by: string,
): Promise<SettingChanged | Refusal> {
  return changeSetting<OwnHoldReason>(context, {
    subject: holdReasonSubject(code),
    version,
    by,
    read: async (client) =>
      (await unknownRole(client, body.releasedBy ?? null)) ??
      (await find(client, companyId, code)) ??
      refuse("hold_reason_not_found", `There is no hold reason "${code}".`),
    next: (now) => ({
      ...now,
      label: body.label ?? now.label,
      guidance: body.guidance ?? now.guidance,
      releasedBy: body.releasedBy === undefined ? now.releasedBy : body.releasedBy,
      keepsStock: body.keepsStock ?? now.keepsStock,
      active: body.active ?? now.active,
    }),
    write: (client, next) => writeHoldReason(client, companyId, next),
  });
}

async function find(client: Queryable, companyId: string, code: string): Promise<OwnHoldReason | undefined> {
  return (await readHoldReasons(client, companyId)).find((reason) => reason.code === code);
}

async function unknownRole(client: Queryable, roles: readonly string[] | null): Promise<Refusal | null> {
  for (const role of roles ?? [])
    if ((await readRole(client, role)) === null)
      return refuse("role_not_found", `There is no role "${role}".`);
  return null;
}
