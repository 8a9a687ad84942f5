/**
 * What a REST route is: its address, who may call it, the schemas of what comes in, and a handler that gets
 * only checked values. The route table is the one source for the router, the permission matrix and
 * `/openapi.json`.
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { Static, TObject, TSchema } from "typebox";
import type { OtherCompany } from "../../config/other-companies.ts";
import type { RefundLimit } from "../../config/refund-limits.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Shape } from "../../contract/shapes.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { DocumentPool } from "../../operations/documents/document-pool.ts";
import type { PeopleContext } from "../../operations/people/people-context.ts";
import type { Refusal } from "../../operations/refusal.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { ChannelDesk } from "../../ports/channel-desk.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";
import type { DeviceProtocols } from "../../ports/devices.ts";
import type { IdentityProvider } from "../../ports/identity.ts";
import type { PaymentProvider } from "../../ports/payments.ts";
import type { VendorDesk } from "../../ports/vendor-desk.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";
import type { WebhookSender } from "../../ports/webhook-sender.ts";
import type { StaffMember } from "../../store/access/staff.ts";
import type { Database } from "../../store/sql/database.ts";
import type { CookieNames, Principal } from "../access/authentication.ts";
import type { ClientAddress } from "../access/client-address.ts";
import type { GuessLimit } from "../access/guess-limit.ts";
import type { Permission } from "../access/permissions.ts";
import type { ProofKind } from "../access/proof.ts";
import type { Allowance, RateLimiter } from "../access/token-buckets.ts";
import type { Whereabouts } from "../access/within.ts";
import type { WorkInHand } from "../access/work-in-hand.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { HttpReply, HttpRequest } from "../wire/http-message.ts";
import { ApiError } from "../wire/problem.ts";
import type { BackgroundWork } from "./background-work.ts";
import type { FileName } from "./file-name.ts";
import type { SecurityEvents } from "./security-events.ts";

/** What the process depends on, for `/readyz`. */
export type DependencyState = { readonly name: string; readonly ready: boolean; readonly detail?: string };

export type SingleSignOn = {
  readonly provider: IdentityProvider;
  /** Whoever is no administrator signs in by it only. */
  readonly required: boolean;
};

/** What handlers work with; made once for each gateway. */
export type Services = {
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly operations: OperationContext;
  readonly people: PeopleContext;
  /** By whom staff may sign in; null: nobody but us. */
  readonly singleSignOn: SingleSignOn | null;
  /** Draws pages on threads of its own. */
  readonly documents: DocumentPool;
  readonly channelAdapters: ReadonlyMap<string, ChannelAdapter>;
  /** Opens and seals the secrets that are stored. */
  readonly secrets: SecretBox;
  readonly carriers: VendorRoster<Carrier>;
  readonly payments: VendorRoster<PaymentProvider>;
  readonly devices: DeviceProtocols;
  readonly publicUrl: string;
  /** Names of the cookies by which staff and their browsers are known. */
  readonly cookies: CookieNames;
  /** Other companies' systems that a person may go to. */
  readonly otherCompanies: readonly OtherCompany[];
  /** Names by which we are reached, for the `Host` of a request. */
  readonly hosts: ReadonlySet<string>;
  /** Every account at a vendor, by kind. */
  readonly vendors: readonly VendorRoster<unknown>[];
  /** Makes accounts that people set work; null: this gateway works with those that it was given. */
  readonly vendorDesk: VendorDesk | null;
  /** Connects channels; null: none can be connected here. */
  readonly channelDesk: ChannelDesk | null;
  /** Sends webhooks to those who want to be told. */
  readonly webhookSender: WebhookSender;
  /**
   * What members of each role may give away on one order in a day, as long as nobody has set it on the page.
   */
  readonly refundLimits: readonly RefundLimit[];
  readonly readiness: () => Promise<readonly DependencyState[]>;
  readonly metrics: Metrics;
  /** Attempts to sign in; counted over all gateways where there is a Redis. */
  readonly guesses: GuessLimit;
  /** Where a request comes from, past the proxies in front of us. */
  readonly clientAddress: ClientAddress;
  /** Requests of nobody that is known about links to set a password, by address. */
  readonly linkAddressLimit: RateLimiter;
  /** Mails with a link to set a password, by account. */
  readonly resetLimit: RateLimiter;
  /** Codes of a second factor, by account. */
  readonly secondFactorLimit: RateLimiter;
  /** Entries about one person who looks at one shopper's data. */
  readonly lookLimit: RateLimiter;
  /** What goes on after its request was answered. */
  readonly background: BackgroundWork;
  /** Requests without identity, by address. */
  readonly addressBuckets: Allowance;
  /** Requests of known callers, by caller and address. */
  readonly callerBuckets: Allowance;
  /** What is under way over REST. */
  readonly work: WorkInHand;
  readonly security: SecurityEvents;
  readonly logger: Logger;
};

type Access =
  /** Anybody. The handler checks a signature or a token where there is one. */
  | { readonly kind: "public" }
  /** Every known caller, by key or session. */
  | { readonly kind: "known" }
  | { readonly kind: "permission"; readonly permission: Permission }
  /** Whoever has one of them; the handler asks for the one that the body needs. */
  | { readonly kind: "one-of"; readonly permissions: readonly Permission[] }
  /** Anybody on this machine (not through a proxy). From elsewhere the permission is needed. */
  | { readonly kind: "local-or"; readonly permission: Permission };

export type Call<Query, Body> = {
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** Null only on public routes. */
  readonly principal: Principal | null;
  readonly services: Services;
  /** Answers a request that is in this one, as if its caller had sent it by itself. */
  readonly send: (request: HttpRequest) => Promise<HttpReply>;
};

/**
 * What a request is about, by `METHOD path`: where it says `anything`, callers who are bound to places or
 * channels may call it; `filtered`: the handler leaves out what is not theirs; `company`: they may not. A
 * function says of which place or channel it is; null: of nothing that there is, which the handler will say.
 */
export type RouteWhereabouts = ReadonlyMap<
  string,
  "anything" | "company" | "filtered" | ((call: Call<unknown, unknown>) => Promise<Whereabouts | null>)
>;

export type Answer<Json> =
  | {
      readonly status?: number;
      readonly json: Json;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | {
      readonly contentType: string;
      readonly bytes: Uint8Array | string;
      /** Null: nobody keeps it as a file. */
      readonly file: FileName | null;
    }
  | {
      readonly contentType: string;
      /** Made as it is read. */
      readonly stream: AsyncIterable<string | Uint8Array>;
      readonly file: FileName;
    };

/** What a session has to have proved before the route is called. API keys need none (`access/proof.ts`). */
export type Proof = {
  readonly kind: ProofKind;
  /** Absent: always. */
  readonly when?: (call: Call<unknown, unknown>) => Promise<boolean>;
  /** Of `when`, for the API's description. */
  readonly condition?: string;
};

/** Of an operation that something else has taken the place of. */
export type Deprecation = {
  /** Day from which it is deprecated, `YYYY-MM-DD`. */
  readonly since: string;
  /** Day from which it may be gone; null: it stays. */
  readonly sunset: string | null;
  /** Path of what is there instead. */
  readonly instead: string;
};

export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Segments in braces are parameters: `/v1/orders/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly proof: Proof | null;
  readonly query: TObject | null;
  readonly body: TSchema | null;
  /**
   * The handler reads the bytes itself, because they are in a channel's own format or signed; `body` only
   * describes them.
   */
  readonly raw: boolean;
  /** The body may be of any length, and the handler reads it as it comes (`request.stream`). */
  readonly streamed: boolean;
  /**
   * It waits for somebody outside, who has a time of their own (an account is tried, a mail is sent): the
   * answer comes when theirs does. All other requests are answered within `ANSWERED_WITHIN_MS`.
   */
  readonly waitsForOthers: boolean;
  /** Shape of the JSON answer; absent where the answer is not JSON. */
  readonly reply: TSchema | null;
  /**
   * `each`: a key is required, and the handler gives it on to each of the requests that are in this one.
   * `by-handler`: what the handler makes is named by the key, so that a repeat finds it; no answer is kept.
   */
  readonly idempotency: "none" | "accepted" | "required" | "each" | "by-handler";
  /** What of the answer is kept for a repeat of the request; absent: all of it. */
  readonly kept: ((json: unknown) => unknown) | null;
  /** Null: it is not. */
  readonly deprecated: Deprecation | null;
  handle(call: Call<unknown, unknown>): Promise<Answer<unknown>>;
};

/** Ties what a handler gets and what it answers to its schemas. */
export function route<Q extends TObject, B extends TSchema, R extends TSchema>(definition: {
  readonly method: Route["method"];
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly proof?: Proof;
  readonly query?: Q;
  readonly body?: B;
  readonly raw?: true;
  readonly streamed?: true;
  readonly waitsForOthers?: true;
  readonly reply?: R;
  readonly idempotency?: Route["idempotency"];
  readonly deprecated?: Deprecation;
  kept?(json: Shape<R>): Shape<R>;
  handle(call: Call<Static<Q>, Static<B>>): Promise<Answer<Shape<R>>>;
}): Route {
  return {
    method: definition.method,
    path: definition.path,
    summary: definition.summary,
    access: definition.access,
    proof: definition.proof ?? null,
    query: definition.query ?? null,
    body: definition.body ?? null,
    raw: definition.raw ?? false,
    streamed: definition.streamed ?? false,
    waitsForOthers: definition.waitsForOthers ?? false,
    reply: definition.reply ?? null,
    idempotency: definition.idempotency ?? "none",
    deprecated: definition.deprecated ?? null,
    kept: definition.kept === undefined ? null : (json) => definition.kept?.(json as Shape<R>),
    // The router has checked query and body against the same schemas that these types come from.
    handle: (call) => definition.handle(call as Call<Static<Q>, Static<B>>),
  };
}

/**
 * The key by itself: the draft has a structured field's string, `"8e03…"`, and most clients send it bare.
 * Both are the same key.
 */
export function bareKey({ headers }: Pick<HttpRequest, "headers">): string | undefined {
  const given = headers["idempotency-key"];
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(given?.trim() ?? "")?.[1];
  return quoted === undefined ? given : quoted.replaceAll(/\\(["\\])/g, "$1");
}

/**
 * Names a call for the operation behind it: the caller and its `Idempotency-Key`, or a key that no other call
 * has.
 */
export function keyOf(call: Pick<Call<unknown, unknown>, "request" | "principal">): string {
  const key = call.request.headers["idempotency-key"] ?? "";
  return `${call.principal?.by ?? "public"}:${key === "" ? randomUUID() : key}`;
}

/** The caller of a route that is not public. */
export function callerOf(call: { readonly principal: Principal | null }): Principal {
  if (call.principal === null) throw new ApiError("unauthenticated", "Send an API key, or sign in.");
  return call.principal;
}

/** A path parameter of the route. The router fills in every one that the path names. */
export function param(call: { readonly params: Readonly<Record<string, string>> }, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new Error(`the route has no parameter ${name}`);
  return value;
}

/** Passes on what an operation did. A refusal of the operation becomes the request's. */
export function done<T extends { readonly status: "done" }>(result: T | Refusal): T {
  if (result.status === "refused") throw ApiError.of(result);
  return result as T;
}

/** The member of staff who calls; an API key is nobody who has a password or a session. */
export function personOf(call: { readonly principal: Principal | null }): StaffMember {
  const { staff } = callerOf(call);
  if (staff === null) throw new ApiError("not_found", "An API key has no account and no session.");
  return staff;
}

/** The id of the session that calls; only people have one. */
export function sessionOf(call: { readonly principal: Principal | null }): string {
  const { session } = callerOf(call);
  if (session === null) throw new ApiError("not_found", "An API key has no account and no session.");
  return session.id;
}

/** The same for what may go on after the answer. */
export function accepted<T extends { readonly status: "done" | "cancelling" }>(result: T | Refusal): T {
  if (result.status === "refused") throw ApiError.of(result);
  return result as T;
}

export function found<T>(value: T | null, what: string): T {
  if (value === null) throw new ApiError("not_found", `There is no such ${what}.`);
  return value;
}
