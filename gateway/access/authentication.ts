/**
 * Who is asking: an API key (`Authorization: Bearer`), or a member of staff by the session cookie. Shoppers
 * have no identity here; their token is part of the address.
 *
 * A browser sends the cookie whichever page made the request. So a request that changes something, and every
 * WebSocket, must come from one of our own pages where a cookie identifies the caller.
 */
import type { StockCommand } from "../../actors/commands.ts";
import { findApiKey, idOfKey } from "../../store/access/api-keys.ts";
import { findSession } from "../../store/access/sessions.ts";
import type { StaffMember } from "../../store/access/staff.ts";
import type { Database } from "../../store/sql/database.ts";
import type { HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";
import {
  type Permission,
  permissionsOfKey,
  permissionsOfRole,
  STOCK_COMMAND_PERMISSIONS,
} from "./permissions.ts";
import { ANYWHERE, type Within, withinRole } from "./within.ts";

const SESSION_COOKIE = "holdfast_session";
/** Names a browser in which nobody is signed in yet, for as long as signing in takes. */
const BROWSER_COOKIE = "holdfast_browser";
/** Where browsers come by https: no other host of the domain can set a cookie of such a name. */
const SECURE_PREFIX = "__Host-";

/** What our cookies are called. */
export type CookieNames = { readonly session: string; readonly browser: string };

/**
 * A browser sends cookies to every port of a host: another company of the same machine must neither be given
 * ours nor replace them.
 *
 * @param publicUrl where browsers reach us
 * @param identity of the company; null: there is none yet, nor anybody who could sign in
 */
export function cookieNames(publicUrl: string, identity: string | null): CookieNames {
  const before = publicUrl.startsWith("https:") ? SECURE_PREFIX : "";
  const behind = identity === null ? "" : `_${identity.slice(0, 8)}`;
  return { session: before + SESSION_COOKIE + behind, browser: before + BROWSER_COOKIE + behind };
}

export type Principal = {
  /** For causes and keys: `staff:<id>` or `api-key:<id>`. */
  readonly by: string;
  readonly companyId: string;
  /** The only channel whose orders this caller may send and see; null: every channel. */
  readonly channelId: string | null;
  readonly permissions: ReadonlySet<Permission>;
  /** Where the caller may use them. */
  readonly within: Within;
  /** The member signed in; null for an API key. */
  readonly staff: StaffMember | null;
  /** By which they are; null for an API key. */
  readonly session: {
    readonly id: string;
    readonly provedAgoMs: number;
    /** Then it has no permission (`second-factor-demand.ts`). */
    readonly lacksSecondFactor: boolean;
  } | null;
};

/** What was presented, so that a long-lived connection can be checked again. */
export type Credential = { readonly kind: "key" | "session"; readonly secret: string };

/** @param names which cookies are ours */
export function presentedCredential(headers: HttpRequest["headers"], names: CookieNames): Credential | null {
  const authorization = headers["authorization"];
  if (authorization !== undefined) {
    const match = /^Bearer +(\S{1,256})$/i.exec(authorization.trim());
    // A wrong Authorization header must not fall back to a cookie that is there by chance.
    return { kind: "key", secret: match?.[1] ?? "" };
  }
  const session = cookie(headers["cookie"] ?? "", names.session);
  return session === null ? null : { kind: "session", secret: session };
}

/** How a credential that is not, or no longer, valid is named where it is recorded: never by its secret. */
export function presentedAs({ kind, secret }: Credential): Readonly<Record<string, string>> {
  const id = kind === "key" ? idOfKey(secret) : null;
  return id === null ? { presented: kind } : { presented: kind, key: id };
}

/**
 * @param options without `renew` the session's idle time goes on: an open connection alone does not keep it
 *   alive
 */
export async function authenticate(
  database: Database,
  credential: Credential | null,
  options: { readonly renew: boolean } = { renew: true },
): Promise<Principal | null> {
  if (credential === null) return null;
  if (credential.kind === "key") {
    const key = await findApiKey(database, credential.secret);
    return key === null
      ? null
      : {
          by: `api-key:${key.id}`,
          companyId: key.companyId,
          channelId: key.channelId,
          permissions: permissionsOfKey(key.scopes, key.channelId !== null),
          within: ANYWHERE,
          staff: null,
          session: null,
        };
  }
  const session = await findSession(database, credential.secret, options);
  if (session === null) return null;
  const { staff, role, id, provedAgoMs, lacksSecondFactor } = session;
  return {
    by: `staff:${staff.id}`,
    companyId: staff.companyId,
    channelId: null,
    permissions: lacksSecondFactor ? new Set() : permissionsOfRole(role),
    within: role === null ? ANYWHERE : withinRole(role),
    staff,
    session: { id, provedAgoMs, lacksSecondFactor },
  };
}

/** Whether two looks at one credential found the same rights. */
export function sameRights(a: Principal, b: Principal): boolean {
  return (
    a.by === b.by &&
    a.channelId === b.channelId &&
    sameMembers(a.permissions, b.permissions) &&
    sameMembers(a.within.locations, b.within.locations) &&
    sameMembers(a.within.channels, b.within.channels)
  );
}

function sameMembers(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): boolean {
  if (a === null || b === null) return a === b;
  return a.size === b.size && [...a].every((each) => b.has(each));
}

/**
 * Whether the page that sent a request is ours: its `Origin` names this server as the browser reached it, or
 * the public URL. Only the host is compared with `Host`, because a proxy may end TLS in front of us.
 */
export function isOwnOrigin(headers: HttpRequest["headers"], publicUrl: string): boolean {
  const origin = headers["origin"];
  if (origin === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === headers["host"] || origin === new URL(publicUrl).origin;
}

/**
 * For what anybody may ask for by a page: a page of another site may not. Callers that are no browsers send
 * no `Origin`.
 */
export function requireOwnOrigin(headers: HttpRequest["headers"], publicUrl: string): void {
  if (headers["origin"] !== undefined && !isOwnOrigin(headers, publicUrl))
    throw new ApiError("origin_forbidden", "This comes from Holdfast's own pages only.");
}

export function requirePermission(principal: Principal | null, permission: Permission): Principal {
  return requireOneOf(principal, [permission]);
}

/** @throws ApiError unless the caller has one of these, `forbidden` or `unauthenticated` */
export function requireOneOf(principal: Principal | null, permissions: readonly Permission[]): Principal {
  if (principal === null) throw new ApiError("unauthenticated", "Send an API key, or sign in.");
  if (!permissions.some((permission) => principal.permissions.has(permission))) {
    const names = permissions.join(", ");
    throw new ApiError(
      "forbidden",
      permissions.length === 1 ? `This needs the permission ${names}.` : `This needs one of ${names}.`,
    );
  }
  return principal;
}

/** The permission of each of these stock commands. */
export function requireStockPermissions(principal: Principal, commands: readonly StockCommand[]): void {
  for (const { type } of commands) {
    // What has no schema has been refused as unknown.
    const permission = STOCK_COMMAND_PERMISSIONS[type as keyof typeof STOCK_COMMAND_PERMISSIONS];
    requirePermission(principal, permission);
  }
}

/** `Set-Cookie` of a session; `token` null removes it. `Secure` where the public URL is https. */
export function sessionCookie(token: string | null, names: CookieNames): string {
  const value = token === null ? "=; Max-Age=0" : `=${token}`;
  return setCookie(names.session, value);
}

/** `Set-Cookie` by which a browser is known while somebody signs in. @param ageMs how long it is kept */
export function browserCookie(token: string, ageMs: number, names: CookieNames): string {
  return setCookie(names.browser, `=${token}; Max-Age=${Math.ceil(ageMs / 1_000)}`);
}

/** What the browser was given by `browserCookie`; null: nothing that we could have given. */
export function presentedBrowser(headers: HttpRequest["headers"], names: CookieNames): string | null {
  const token = cookie(headers["cookie"] ?? "", names.browser);
  return token !== null && /^[\w-]{43}$/.test(token) ? token : null;
}

function setCookie(name: string, value: string): string {
  const secure = name.startsWith(SECURE_PREFIX) ? "; Secure" : "";
  return `${name}${value}; Path=/; HttpOnly; SameSite=Strict${secure}`;
}

function cookie(header: string, name: string): string | null {
  for (const part of header.split(";")) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value !== undefined && value !== "") return value;
  }
  return null;
}
