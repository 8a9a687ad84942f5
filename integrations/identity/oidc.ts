/**
 * OpenID Connect by `openid-client`: authorization code with PKCE, state and nonce. The library checks the id
 * token (issuer, audience, signature, times, nonce), and `iss` of the answer where the provider announces it.
 * A key that it does not know has it ask for the provider's keys again, once a minute at most.
 *
 * What the provider says of itself (discovery) is asked for when somebody signs in, and again after a while:
 * a provider that is away does not keep Holdfast from starting.
 */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import type { Logger } from "pino";
import {
  type Identity,
  type IdentityChecks,
  type IdentityProvider,
  IdentityRefused,
} from "../../ports/identity.ts";

export type OidcSettings = {
  /** Base of `/.well-known/openid-configuration`; `http:` on this machine only. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuth: "client_secret_basic" | "client_secret_post";
  /** For the button. */
  readonly name: string;
  /** Where the provider sends the browser back. */
  readonly redirectUri: string;
  /** Where it sends it after the session there was ended. */
  readonly afterLogout: string;
};

const DISCOVERY_KEPT_MS = 60 * 60_000;
const ANSWER_SECONDS = 10;
/** Clocks differ a little. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** How long ago the person may have signed in there, where they were to do it anew. */
const ANEW_SECONDS = 120;

/** @param logger is told why the provider cannot be used; absent: nobody is */
export function createOidcProvider(settings: OidcSettings, logger?: Pick<Logger, "warn">): IdentityProvider {
  let known: { readonly configuration: Promise<Configuration>; readonly atMs: number } | null = null;

  const configuration = (): Promise<Configuration> => {
    if (known !== null && Date.now() - known.atMs < DISCOVERY_KEPT_MS) return known.configuration;
    const asked = { configuration: ask(settings), atMs: Date.now() };
    known = asked;
    asked.configuration.catch(() => {
      if (known === asked) known = null;
    });
    return asked.configuration;
  };

  /** What a person does not want, the audit log has. */
  const told = (error: unknown): unknown => {
    if (error instanceof IdentityRefused && error.code !== "single_sign_on_denied")
      logger?.warn(
        { code: error.code, reasons: reasonsOf(error.cause) },
        "signing in by the identity provider has failed",
      );
    return error;
  };

  return {
    name: settings.name,
    begin: async (anew) => {
      const config = await orUnavailable(configuration()).catch((error: unknown) => {
        throw told(error);
      });
      const checks = {
        // The page that the browser comes back to sees by it what it was sent for.
        state: `${anew ? "proof" : "sign-in"}.${randomState()}`,
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
      };
      const url = buildAuthorizationUrl(config, {
        redirect_uri: settings.redirectUri,
        response_type: "code",
        scope: "openid email",
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: "S256",
        ...(anew ? { prompt: "login", max_age: String(ANEW_SECONDS) } : {}),
      });
      return { url: url.href, checks };
    },
    finish: async (answer, checks, anew) => {
      try {
        const config = await orUnavailable(configuration());
        return await identityOf(config, settings, answer, checks, anew);
      } catch (error) {
        throw told(error);
      }
    },
    logoutUrl: async () => {
      const config = await configuration().catch(() => null);
      if (config === null || config.serverMetadata().end_session_endpoint === undefined) return null;
      return buildEndSessionUrl(config, { post_logout_redirect_uri: settings.afterLogout }).href;
    },
  };
}

async function ask(settings: OidcSettings): Promise<Configuration> {
  const issuer = new URL(settings.issuer);
  const auth =
    settings.clientAuth === "client_secret_post"
      ? ClientSecretPost(settings.clientSecret)
      : ClientSecretBasic(settings.clientSecret);
  return discovery(issuer, settings.clientId, { [clockTolerance]: CLOCK_TOLERANCE_SECONDS }, auth, {
    timeout: ANSWER_SECONDS,
    execute: [
      // The library leaves the signature out, as the token comes from the provider itself over TLS.
      enableNonRepudiationChecks,
      // The settings take it for a provider on this machine only.
      ...(issuer.protocol === "http:" ? [allowInsecureRequests] : []),
    ],
  });
}

async function identityOf(
  config: Configuration,
  settings: OidcSettings,
  answer: string,
  checks: IdentityChecks,
  anew: boolean,
): Promise<Identity> {
  const url = new URL(settings.redirectUri);
  url.search = answer;
  try {
    const tokens = await authorizationCodeGrant(config, url, {
      expectedState: checks.state,
      expectedNonce: checks.nonce,
      pkceCodeVerifier: checks.verifier,
      idTokenExpected: true,
      ...(anew ? { maxAge: ANEW_SECONDS } : {}),
    });
    const claims = tokens.claims();
    if (claims === undefined) throw new Error("there is no id token");
    // By the standard the address is there and not in the token; who has it in the token spares us the way.
    const { email, email_verified: verified } =
      claims["email"] === undefined && config.serverMetadata().userinfo_endpoint !== undefined
        ? await fetchUserInfo(config, tokens.access_token, claims.sub)
        : claims;
    return {
      issuer: claims.iss,
      subject: claims.sub,
      email: typeof email === "string" ? email : null,
      emailVerified: verified === true,
    };
  } catch (error) {
    throw refusalOf(error);
  }
}

async function orUnavailable<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (cause) {
    throw unavailable(cause);
  }
}

function refusalOf(error: unknown): IdentityRefused {
  if (error instanceof AuthorizationResponseError)
    return new IdentityRefused(
      "single_sign_on_denied",
      `The identity provider did not sign you in: ${error.error_description ?? error.error}.`,
      { cause: error },
    );
  if (isAway(error)) return unavailable(error);
  const why = error instanceof Error ? error.message : String(error);
  return new IdentityRefused(
    "single_sign_on_refused",
    `The identity provider's answer is not taken: ${why}.`,
    { cause: error },
  );
}

function unavailable(cause: unknown): IdentityRefused {
  return new IdentityRefused(
    "single_sign_on_unavailable",
    "The identity provider cannot be asked right now.",
    { cause },
  );
}

/** Messages alone: what else an error bears has the provider's answer in it, and that is the person's. */
function reasonsOf(error: unknown): readonly string[] {
  const reasons: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    const code = "error" in each ? each.error : "code" in each ? each.code : undefined;
    reasons.push(typeof code === "string" ? `${each.message} (${code})` : each.message);
  }
  return reasons;
}

/** No answer came, or one that says that the provider itself failed. */
function isAway(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.name === "TimeoutError" || each.name === "AbortError") return true;
    if (each instanceof TypeError && each.message === "fetch failed") return true;
    if ("status" in each && typeof each.status === "number" && each.status >= 500) return true;
    if (each.cause instanceof Response) return each.cause.status >= 500;
  }
  return false;
}
