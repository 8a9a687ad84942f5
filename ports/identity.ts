/**
 * What Holdfast needs of an identity provider, by which staff sign in. That its answer is genuine, recent and
 * meant for us is the adapter's; who of us it is, and whether they may, is not.
 */

/** What an answer is held against. Kept between the two requests, and told to nobody. */
export type IdentityChecks = { readonly state: string; readonly nonce: string; readonly verifier: string };

/** Who signed in there. */
export type Identity = {
  readonly issuer: string;
  /** Names the account there, for good. */
  readonly subject: string;
  readonly email: string | null;
  /** Whether the provider has seen that the address is theirs. */
  readonly emailVerified: boolean;
};

export type IdentityRefusalCode =
  /** The person, or the provider, did not want to. */
  | "single_sign_on_denied"
  /** The answer is not what was asked for. */
  | "single_sign_on_refused"
  /** The provider cannot be asked now. */
  | "single_sign_on_unavailable";

/** Thrown by both functions. The message is for the person who signs in. */
export class IdentityRefused extends Error {
  readonly code: IdentityRefusalCode;

  constructor(code: IdentityRefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "IdentityRefused";
    this.code = code;
  }
}

export interface IdentityProvider {
  /** For people: `Sign in with …`. */
  readonly name: string;
  /**
   * Where the browser is sent, and what its answer is held against.
   *
   * @param anew the person is to show there again who they are
   */
  begin(anew: boolean): Promise<{ readonly url: string; readonly checks: IdentityChecks }>;
  /** @param answer the query with which the provider sent the browser back, without `?` */
  finish(answer: string, checks: IdentityChecks, anew: boolean): Promise<Identity>;
  /** Where the browser ends its session there as well; null: the provider has no such address. */
  logoutUrl(): Promise<string | null>;
}
