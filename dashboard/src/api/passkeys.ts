/** What the browser does with passkeys, between our two requests. */
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import type {
  NewPasskeyAnswer,
  PasskeyAdded,
  PasskeyAnswer,
  PasskeyOptions,
} from "../../../contract/sign-in/passkeys.ts";
import { post } from "./client.ts";

/**
 * Whether this page can have passkeys: browsers have them for names only, and over https or on this machine.
 */
export function canUsePasskeys(): boolean {
  return (
    browserSupportsWebAuthn() && window.isSecureContext && !/^[\d.]+$|^\[/.test(window.location.hostname)
  );
}

/** Has the person choose one of their passkeys, and answers our challenge by it. */
export async function usePasskey(): Promise<PasskeyAnswer> {
  const { options } = await post<PasskeyOptions>("/passkey-challenges", {});
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  return (await inBrowser(() => startAuthentication({ optionsJSON }))) as unknown as PasskeyAnswer;
}

/** Has the person make a passkey, and adds it to their account. */
export async function makePasskey(name: string): Promise<PasskeyAdded> {
  const { options } = await post<PasskeyOptions>("/account/passkeys/options", {});
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const credential = (await inBrowser(() =>
    startRegistration({ optionsJSON }),
  )) as unknown as NewPasskeyAnswer;
  return post<PasskeyAdded>("/account/passkeys", { name, credential });
}

/** Browsers say one thing for "cancelled", "too late" and "has none", so that a page learns nothing by it. */
async function inBrowser<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    if (name === "InvalidStateError")
      throw new Error("This device has a passkey of your account already.", { cause: error });
    throw new Error("No passkey came: it was cancelled, took too long, or there is none here.", {
      cause: error,
    });
  }
}
