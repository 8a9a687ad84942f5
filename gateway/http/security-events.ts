/**
 * What happens at the edge that an administrator has to be able to find later: who signed in, who was
 * refused. Each is an entry of the audit log and a line of the process's log, which names the entry, so that
 * whoever cuts off the end of the one is found by the other.
 *
 * Refusals of one caller are written one by one up to a rate (`AUDIT_REFUSAL_BUCKET`). Beyond it they are
 * counted, and the next that is written says how many were not.
 */
import type { Logger } from "pino";
import { MAX_BUCKETS } from "../../config/limits.ts";
import { AUDIT_ACTS, type AuditAct } from "../../contract/audit.ts";
import { type Act, type Caller, recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import type { Database } from "../../store/sql/database.ts";
import type { Principal } from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import type { RateLimiter } from "../access/token-buckets.ts";
import type { HttpRequest } from "../wire/http-message.ts";

/** What is known of where a request comes from. */
export type Origin = Pick<HttpRequest, "id" | "remoteAddress">;

export function callerFrom(request: Origin, principal: Principal | null): Caller {
  return {
    by: principal?.by ?? "public",
    companyId: principal?.companyId ?? null,
    address: request.remoteAddress,
    requestId: request.id,
  };
}

/** Codes with which a known caller is told that it may not do something. */
const DENIALS: ReadonlySet<string> = new Set([
  "forbidden",
  "channel_forbidden",
  "origin_forbidden",
  "outside_role",
  "permission_not_yours",
  "own_account",
  "approval_needed",
  "four_eyes_needed",
]);

export class SecurityEvents {
  private readonly database: Database;
  private readonly logger: Logger;
  private readonly limit: RateLimiter;
  private readonly leftOut = new Map<string, number>();

  /** @param limit of entries about one source (`AUDIT_REFUSAL_BUCKET`) */
  constructor(database: Database, logger: Logger, limit: RateLimiter) {
    this.database = database;
    this.limit = limit;
    this.logger = logger;
  }

  /** A line of the log for what has been written with its own transaction. */
  tell(
    caller: Caller,
    { act, subject }: Act,
    entry: { readonly position: number; readonly hash: string },
  ): void {
    const { meaning } = AUDIT_ACTS[act];
    const { by, address, requestId } = caller;
    this.logger.info({ event: act, by, address, requestId, subject, ...entry }, meaning);
  }

  /**
   * Writes and logs a refusal. It never throws: the caller is refused in any case, and a log that cannot be
   * written is told in the other one.
   */
  async refused(
    caller: Caller,
    act: AuditAct,
    subject: string,
    facts: Readonly<Record<string, unknown>> = {},
  ) {
    const from = caller.address === null ? "" : countedAs(caller.address);
    const source = `${caller.by} ${from} ${act}`;
    if ((await this.limit.take(source, Date.now())) > 0) {
      this.leftOut.set(source, (this.leftOut.get(source) ?? 0) + 1);
      if (this.leftOut.size > MAX_BUCKETS) this.leftOut.clear();
      return;
    }
    const before = this.leftOut.get(source);
    this.leftOut.delete(source);
    const after = before === undefined ? facts : { ...facts, notRecordedBefore: before };
    const { by, address, requestId } = caller;
    const line = { event: act, by, address, requestId, subject, ...after };
    try {
      const entry = await recordAuditAlone(this.database, caller, { act, subject, after });
      this.logger.warn({ ...line, ...entry }, AUDIT_ACTS[act].meaning);
    } catch (error) {
      this.logger.error({ ...line, err: error }, "a refusal could not be written to the audit log");
    }
  }

  /** Of whatever a request or message failed with, what is a matter of rights. */
  async denied(origin: Origin, principal: Principal, what: string, error: unknown): Promise<void> {
    if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return;
    if (!DENIALS.has(error.code)) return;
    await this.refused(callerFrom(origin, principal), "access.denied", what, {
      code: error.code,
      detail: error.message,
    });
  }
}
