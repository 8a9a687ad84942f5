/**
 * What an empty system serves: the pages by which a browser sets it up, and whether the process is alive.
 * Everything else is refused with `setup_needed` until there is a company.
 *
 * The token is the process's own and lives as long as it: whoever sees the terminal or the log may set up.
 * Once somebody has, here, in another process or by `holdfast setup`, the server is of no use any more and
 * its owner stops it.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Logger } from "pino";
import { Compile, type Validator } from "typebox/compile";
import { LOGIN_ADDRESS_BUCKET, MAX_BUCKETS } from "../config/limits.ts";
import { SetupBody } from "../contract/company.ts";
import { setUp } from "../operations/company/set-up.ts";
import type { Database } from "../store/sql/database.ts";
import { requireOwnOrigin } from "./access/authentication.ts";
import { countedAs } from "./access/client-address.ts";
import { TokenBuckets } from "./access/token-buckets.ts";
import { OWN_POLICY } from "./http/content-policy.ts";
import { startHttpServer, type TlsFiles } from "./http/http-server.ts";
import { readJsonBody } from "./http/read-json-body.ts";
import { loadStaticFiles } from "./http/static-files.ts";
import type { HttpReply, HttpRequest } from "./wire/http-message.ts";
import { ApiError, describeError, logFailure, problemReply } from "./wire/problem.ts";

/** After which a client may look again: setting up takes a person some minutes. */
const LOOK_AGAIN_MS = 2_000;

type SetupServer = { readonly port: number; stop(): Promise<void> };

/** @throws Error with code `EADDRINUSE` where the port is taken */
export async function startSetupServer(options: {
  readonly host: string;
  /** 0: any free port; the one chosen is returned. */
  readonly port: number;
  readonly publicUrl: string;
  /** As the gateway's. */
  readonly tls?: TlsFiles | null;
  readonly database: Database;
  /** What the terminal or the log shows. */
  readonly token: string;
  readonly dashboardFolder: string;
  readonly logger: Logger;
}): Promise<SetupServer> {
  const { database, logger, publicUrl } = options;
  const staticFiles = loadStaticFiles(options.dashboardFolder, () => OWN_POLICY, null);
  const validator = Compile(SetupBody) as unknown as Validator;
  const attempts = new TokenBuckets(LOGIN_ADDRESS_BUCKET, MAX_BUCKETS);
  const token = digest(options.token);

  return startHttpServer({
    host: options.host,
    port: options.port,
    logger,
    isSecure: new URL(publicUrl).protocol === "https:",
    tls: options.tls ?? null,
    handler: async (request) => {
      try {
        return await answer(request);
      } catch (error) {
        const described = describeError(error);
        logFailure(logger, error, { requestId: request.id, path: request.path }, "a request failed");
        return problemReply(described.code, described.detail, described);
      }
    },
  });

  async function answer(request: HttpRequest): Promise<HttpReply> {
    const { method, path } = request;
    if (path === "/healthz") return json(200, { status: "alive" });
    if (path === "/readyz")
      return json(503, { ready: false, dependencies: [{ name: "set-up", ready: false }] });
    if (path === "/v1/setup" && method === "POST") return setUpBy(request);
    const file = staticFiles(request);
    if (file !== null) return file;
    throw new ApiError("setup_needed", "Nothing is set up yet: open the address that the log shows.", {
      retryAfterMs: LOOK_AGAIN_MS,
    });
  }

  async function setUpBy(request: HttpRequest): Promise<HttpReply> {
    requireOwnOrigin(request.headers, publicUrl);
    const wait = attempts.take(countedAs(request.remoteAddress), Date.now());
    if (wait > 0) throw new ApiError("rate_limited", "Too many attempts.", { retryAfterMs: wait });
    // The schema was checked, so that it is one.
    const { token: given, ...setup } = readJsonBody(request, validator, "POST") as SetupBody;
    if (!timingSafeEqual(token, digest(given)))
      throw new ApiError("setup_token_wrong", "This is not the token that the process shows now.");
    const done = await setUp(database, setup);
    if (done.status === "refused") throw ApiError.of(done);
    logger.info({ ...done.made }, "the system was set up by a browser");
    return json(201, done.made);
  }
}

function json(status: number, body: unknown): HttpReply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
