/**
 * What of a passkey's answer is checked, by WebAuthn level 3, sections 7.1 and 7.2, with nothing kept.
 *
 * C1 The person was verified by their device (finger, face, PIN), so that a passkey alone is two factors.
 * C2 The answer was made for our own pages: for our origin, and not within a page of another.
 * C3 No attestation is asked for: whose make a device is decides nothing here.
 */
import { isIP } from "node:net";
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import type { NewPasskeyAnswer, PasskeyAnswer } from "../../contract/sign-in/passkeys.ts";
import { type Refusal, refuse } from "../refusal.ts";

/**
 * Whose passkeys they are, in WebAuthn's words: the host by which browsers come, and the origin of our pages.
 */
export type RelyingParty = { readonly id: string; readonly origin: string };

/** COSE numbers of ES256, EdDSA, ES384, ES512 and RS256, as authenticators are offered them. */
export const PASSKEY_ALGORITHMS: readonly number[] = [-7, -8, -35, -36, -257];

/**
 * @returns null where browsers come by an address: they make passkeys for names only. A sandbox at an address
 * of this machine has them as `localhost`.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | null {
  const url = new URL(publicUrl);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 0) return { id: host, origin: url.origin };
  if (host !== "127.0.0.1" && host !== "::1") return null;
  url.hostname = "localhost";
  return { id: "localhost", origin: url.origin };
}

export type NewCredential = {
  readonly credentialId: Buffer;
  readonly publicKey: Uint8Array;
  readonly signCount: number;
  readonly transports: readonly string[];
  readonly synced: boolean;
};

/** The challenge that an answer says it was made for; null: it cannot be read. */
export function challengeOf(answer: NewPasskeyAnswer | PasskeyAnswer): Buffer | null {
  const { challenge } = clientDataOf(answer);
  return typeof challenge === "string" ? Buffer.from(challenge, "base64url") : null;
}

function clientDataOf({ response }: NewPasskeyAnswer | PasskeyAnswer): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(Buffer.from(response.clientDataJSON, "base64url").toString());
    return typeof data === "object" && data !== null ? { ...data } : {};
  } catch {
    return {};
  }
}

/** C2; the library looks at it only where the page's own site is named as well. */
function isWithinAnother(answer: NewPasskeyAnswer | PasskeyAnswer): boolean {
  const { crossOrigin } = clientDataOf(answer);
  return crossOrigin !== undefined && crossOrigin !== false;
}

/** A new passkey. @param challenge the one that was given */
export async function readNewPasskey(
  party: RelyingParty,
  challenge: Uint8Array,
  answer: NewPasskeyAnswer,
): Promise<NewCredential | Refusal> {
  if (isWithinAnother(answer)) return withinAnother();
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer as unknown as RegistrationResponseJSON,
      expectedChallenge: Buffer.from(challenge).toString("base64url"),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
    if (!verified || registrationInfo === undefined) return refused("its statement does not verify");
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credentialId: Buffer.from(credential.id, "base64url"),
      publicKey: credential.publicKey,
      signCount: credential.counter,
      transports: credential.transports ?? [],
      synced: credentialBackedUp,
    };
  } catch (error) {
    return refused(messageOf(error));
  }
}

/**
 * An answer of a passkey that is known.
 * @returns what its counter says; whether that can be, the caller judges
 */
export async function readPasskeyAnswer(
  party: RelyingParty,
  challenge: Uint8Array,
  answer: PasskeyAnswer,
  publicKey: Uint8Array,
): Promise<{ readonly signCount: number } | Refusal> {
  if (isWithinAnother(answer)) return withinAnother();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: answer as unknown as AuthenticationResponseJSON,
      expectedChallenge: Buffer.from(challenge).toString("base64url"),
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: { id: answer.id, publicKey: Uint8Array.from(publicKey), counter: 0 },
    });
    return verified ? { signCount: authenticationInfo.newCounter } : refused("its signature does not verify");
  } catch (error) {
    return refused(messageOf(error));
  }
}

function withinAnother(): Refusal {
  return refused("it was made within a page of another site");
}

export function refused(why: string): Refusal {
  return refuse("passkey_refused", `The passkey's answer is not taken: ${why}.`);
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
