/** Who gives money or goods away, with the limits that count now: for REST and the stream alike. */
import type { Giver } from "../../operations/refunds/gift-limit.ts";
import { readRefundLimitSetting } from "../../store/settings/refund-limits.ts";
import type { Principal } from "../access/authentication.ts";
import { KEY_ROLE, rolesThatGive } from "../access/permissions.ts";
import type { Services } from "./route.ts";

export async function giverFor(
  { database, refundLimits }: Pick<Services, "database" | "refundLimits">,
  { by, staff }: Principal,
): Promise<Giver> {
  const limits = (await readRefundLimitSetting(database)) ?? refundLimits;
  return { by, role: staff?.role ?? KEY_ROLE, limits, roles: await rolesThatGive(database) };
}
